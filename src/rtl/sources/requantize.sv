// The one operation of integer networks behind an accumulator (docs/number_format.md):
//   y      = nearbyint((x multiplier + bias) / 2^shift)      ties to even
//   result = clamp(y + addend, low, high)
// To codes: addend 0, low and high the ends of the grid. Into a stream and onto a shortcut: addend the shortcut, low 0
// for a relu. With multiplier 2, bias 0 and shift 1 it passes x on. Sums fit 48 bits, by the bounds of the format.
module requantize (
    input  logic               clock,
    input  logic               enable,
    input  logic signed [31:0] x,
    input  logic signed [15:0] multiplier,
    input  logic signed [47:0] bias,
    input  logic        [ 5:0] shift,       // 1 to 46
    input  logic signed [31:0] addend,
    input  logic signed [31:0] low,
    input  logic signed [31:0] high,
    output logic signed [31:0] result
);
  // A function, so that a simulator works it out only in cycles that ask for it.
  function automatic logic signed [31:0] next_result();
    logic signed [47:0] sum;
    logic signed [47:0] below_half;
    logic signed [47:0] rounded;
    logic signed [48:0] total;
    sum = 48'(x) * 48'(multiplier) + bias;
    below_half = (48'sd1 <<< (shift - 6'd1)) - 48'sd1;
    // A tie goes up when what is left of the point is odd.
    rounded = (sum + below_half + $signed({47'd0, sum[shift]})) >>> shift;
    total = 49'(rounded) + 49'(addend);
    if (total < 49'(low)) next_result = low;
    else if (total > 49'(high)) next_result = high;
    else next_result = total[31:0];
  endfunction

  always_ff @(posedge clock) if (enable) result <= next_result();
endmodule
