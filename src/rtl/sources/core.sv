// The array with its controller, and behind it one requantize unit for each column. Data pass in lanes of whole bytes,
// as memories deliver them: bytes (or pairs) for codes, words for sums. The accumulator memory is outside: what leaves
// the columns at the bottom goes there, is fed in at the top with the next fold of the same outputs, and comes back for
// requantization, which needs no cycle of the array.
module core #(
    parameter int unsigned ROWS = 16,
    parameter int unsigned COLUMNS = 16,
    parameter int unsigned PRODUCTS = 1,
    parameter int unsigned ACTIVATION_BITS = 8,
    parameter int unsigned WEIGHT_BITS = 8,
    parameter int unsigned ACCUMULATOR_BITS = 29,
    parameter int unsigned SUM_BITS = 22,
    parameter int unsigned DOUBLE_BUFFERED = 1,
    localparam int unsigned ACTIVATION_LANE = ACTIVATION_BITS > 8 ? 16 : 8,
    localparam int unsigned WEIGHT_LANE = WEIGHT_BITS > 8 ? 16 : 8,
    localparam int unsigned SUM_LANE = ACCUMULATOR_BITS > 32 ? 64 : 32
) (
    input  logic                                     clock,
    input  logic                                     reset,
    // a sequence of folds: controller.sv
    input  logic                                     start,
    input  logic [                             31:0] folds,
    input  logic [                             31:0] length,
    output logic                                     busy,
    output logic                                     load,
    output logic                                     stream,
    output logic                                     swap,
    output logic [                             31:0] position,
    output logic                                     result,
    // the edges of the array, skewed: systolic_array.sv
    /* verilator lint_off UNUSEDSIGNAL */  // bits of a lane beyond the code
    input  logic [ROWS*PRODUCTS*ACTIVATION_LANE-1:0] activation,
    input  logic [  COLUMNS*PRODUCTS*WEIGHT_LANE-1:0] weight,
    input  logic [              COLUMNS*SUM_LANE-1:0] partial_in,
    input  logic [                     SUM_LANE-1:0] sum_in,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [              COLUMNS*SUM_LANE-1:0] partial_out,
    output logic [                     SUM_LANE-1:0] sum_out,
    // requantization of one row of outputs: correct_sum.sv, requantize.sv
    input  logic                                     requantize_enable,
    input  logic                                     from_array,   // x are sums of the array, else integers as they are
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [              COLUMNS*SUM_LANE-1:0] x,
    input  logic [                     SUM_LANE-1:0] x_sum,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic                                     doubled,
    input  logic [                              8:0] offset,
    input  logic [                   COLUMNS*16-1:0] multiplier,
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [                   COLUMNS*64-1:0] bias,
    input  logic [                    COLUMNS*8-1:0] shift,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic [                   COLUMNS*32-1:0] addend,
    input  logic [                             31:0] low,
    input  logic [                             31:0] high,
    output logic [                   COLUMNS*32-1:0] requantized
);
  logic [SUM_BITS-1:0] activation_sum;

  genvar i;
  generate
    for (i = 0; i < COLUMNS; i++) begin : lane
      logic [ACCUMULATOR_BITS-1:0] raw;
      logic signed [31:0] accumulator;
      logic signed [31:0] operand;

      assign raw = x[i*SUM_LANE+:ACCUMULATOR_BITS];
      assign operand = from_array ? accumulator : x[i*SUM_LANE+:32];

      correct_sum #(
          .ACCUMULATOR_BITS(ACCUMULATOR_BITS),
          .SUM_BITS(SUM_BITS)
      ) corrector (
          .raw(raw),
          .sum(x_sum[SUM_BITS-1:0]),
          .doubled(doubled),
          .offset(offset),
          .accumulator(accumulator)
      );

      requantize unit (
          .clock(clock),
          .enable(requantize_enable),
          .x(operand),
          .multiplier(multiplier[i*16+:16]),
          .bias(bias[i*64+:48]),
          .shift(shift[i*8+:6]),
          .addend(addend[i*32+:32]),
          .low(low),
          .high(high),
          .result(requantized[i*32+:32])
      );
    end
  endgenerate

  assign sum_out = SUM_LANE'(activation_sum);

  controller #(
      .ROWS(ROWS),
      .COLUMNS(COLUMNS),
      .DOUBLE_BUFFERED(DOUBLE_BUFFERED)
  ) order (
      .clock(clock),
      .reset(reset),
      .start(start),
      .folds(folds),
      .length(length),
      .busy(busy),
      .load(load),
      .stream(stream),
      .swap(swap),
      .position(position),
      .result(result)
  );

  systolic_array #(
      .ROWS(ROWS),
      .COLUMNS(COLUMNS),
      .PRODUCTS(PRODUCTS),
      .ACTIVATION_BITS(ACTIVATION_BITS),
      .WEIGHT_BITS(WEIGHT_BITS),
      .ACCUMULATOR_BITS(ACCUMULATOR_BITS),
      .SUM_BITS(SUM_BITS),
      .DOUBLE_BUFFERED(DOUBLE_BUFFERED),
      .ACTIVATION_LANE(ACTIVATION_LANE),
      .WEIGHT_LANE(WEIGHT_LANE),
      .SUM_LANE(SUM_LANE)
  ) elements (
      .clock(clock),
      .load(load),
      .swap(swap),
      .activation(activation),
      .weight(weight),
      .partial_in(partial_in),
      .sum_in(sum_in[SUM_BITS-1:0]),
      .partial_out(partial_out),
      .sum_out(activation_sum)
  );
endmodule
