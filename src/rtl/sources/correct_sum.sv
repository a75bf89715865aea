// From the sums of one output to its accumulator. Weights are stored as unsigned codes, and what a code stands for is
//   code - offset          a grid with a zero level: offset 2^(k-1), or 0 when its codes are unsigned
//   2 code - offset        a grid without one: offset 2^k - 1
// so with the sum of codes times activations and the sum of activations alone,
//   accumulator = (1 or 2) raw - offset sum.
// All of it is modulo a power of two: `raw` may have wrapped, only the accumulator must fit.
module correct_sum #(
    parameter int unsigned ACCUMULATOR_BITS = 29,
    parameter int unsigned SUM_BITS = 22
) (
    input  logic        [ACCUMULATOR_BITS-1:0] raw,
    input  logic signed [        SUM_BITS-1:0] sum,
    input  logic                               doubled,
    /* verilator lint_off UNUSEDSIGNAL */  // narrow sums take it modulo their range
    input  logic        [                 8:0] offset,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic signed [                31:0] accumulator
);
  logic [ACCUMULATOR_BITS:0] correction;
  /* verilator lint_off UNUSEDSIGNAL */  // accumulators fit 32 bits, by the bounds of the number format
  logic [ACCUMULATOR_BITS:0] whole;
  /* verilator lint_on UNUSEDSIGNAL */

  assign correction = (ACCUMULATOR_BITS + 1)'(sum) * (ACCUMULATOR_BITS + 1)'(offset);
  assign whole = (doubled ? {raw, 1'b0} : {raw[ACCUMULATOR_BITS-1], raw}) - correction;
  // Undoubled, the raw sum is known modulo 2^ACCUMULATOR_BITS only.
  assign accumulator = doubled ? 32'($signed(whole)) : 32'($signed(whole[ACCUMULATOR_BITS-1:0]));
endmodule
