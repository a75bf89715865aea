// A place of a weight-stationary array whose precision is chosen while it runs: a word holds one, two, four, ... codes
// (configurable_multiply_add.sv), whose products it adds up. Otherwise as processing_element.sv, double-buffered.
module configurable_element #(
    parameter int unsigned CONFIGURABLE_MODES = 3,
    parameter int unsigned CONFIGURABLE_WORD = 8,
    parameter int unsigned CONFIGURABLE_ACCUMULATOR = 29
) (
    input  logic                                clock,
    input  logic [      CONFIGURABLE_MODES-1:0] is_mode,
    input  logic                                load,
    input  logic                                swap,
    input  logic [       CONFIGURABLE_WORD-1:0] activation_in,
    input  logic [       CONFIGURABLE_WORD-1:0] weight_in,
    input  logic [CONFIGURABLE_ACCUMULATOR-1:0] partial_in,
    output logic [       CONFIGURABLE_WORD-1:0] activation_out,
    output logic [       CONFIGURABLE_WORD-1:0] weight_out,
    output logic [CONFIGURABLE_ACCUMULATOR-1:0] partial_out
);
  logic [CONFIGURABLE_WORD-1:0] loaded;
  logic [CONFIGURABLE_WORD-1:0] held;
  logic [CONFIGURABLE_WORD-1:0] weight;
  logic [CONFIGURABLE_ACCUMULATOR-1:0] sum;

  assign weight = swap ? loaded : held;
  assign weight_out = loaded;

  configurable_multiply_add products (
      .is_mode(is_mode),
      .activation(activation_in),
      .weight(weight),
      .addend(partial_in),
      .sum(sum)
  );

  always_ff @(posedge clock) begin
    if (load) loaded <= weight_in;
    held <= weight;
    activation_out <= activation_in;
    partial_out <= sum;
  end
endmodule
