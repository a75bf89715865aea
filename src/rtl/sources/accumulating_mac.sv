// One multiply-add with its accumulator: the element of output-stationary designs, and the one whose area is usually
// quoted. In a cycle with `clear` the sum starts anew with this cycle's products.
module accumulating_mac #(
    parameter int unsigned PRODUCTS = 1,
    parameter int unsigned ACTIVATION_BITS = 8,
    parameter int unsigned WEIGHT_BITS = 8,
    parameter int unsigned ACCUMULATOR_BITS = 29
) (
    input  logic                                clock,
    input  logic                                clear,
    input  logic [PRODUCTS*ACTIVATION_BITS-1:0] activation,
    input  logic [    PRODUCTS*WEIGHT_BITS-1:0] weight,
    output logic [        ACCUMULATOR_BITS-1:0] accumulator
);
  logic [ACCUMULATOR_BITS-1:0] addend;
  logic [ACCUMULATOR_BITS-1:0] sum;

  assign addend = accumulator & {ACCUMULATOR_BITS{~clear}};

  multiply_add products (
      .activation(activation),
      .weight(weight),
      .addend(addend),
      .sum(sum)
  );

  always_ff @(posedge clock) accumulator <= sum;
endmodule
