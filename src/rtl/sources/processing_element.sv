// One place of the weight-stationary array. Activations travel to the right, partial sums down, weights down when
// they are loaded; each takes a cycle per place.
//
// Double-buffered: `load` shifts the shadow weights of all rows down by one while the array computes. `swap` comes with
// the first activation of a fold; the shadow is then the weight, already for this very product. So a fold follows the
// one before without a gap. Single-buffered: there is no shadow, `load` shifts the weights themselves.
module processing_element #(
    parameter int unsigned PRODUCTS = 1,
    parameter int unsigned ACTIVATION_BITS = 8,
    parameter int unsigned WEIGHT_BITS = 8,
    parameter int unsigned ACCUMULATOR_BITS = 29,
    parameter int unsigned DOUBLE_BUFFERED = 1
) (
    input  logic                                clock,
    input  logic                                load,
    input  logic                                swap,
    input  logic [PRODUCTS*ACTIVATION_BITS-1:0] activation_in,
    input  logic [    PRODUCTS*WEIGHT_BITS-1:0] weight_in,
    input  logic [        ACCUMULATOR_BITS-1:0] partial_in,
    output logic [PRODUCTS*ACTIVATION_BITS-1:0] activation_out,
    output logic [    PRODUCTS*WEIGHT_BITS-1:0] weight_out,
    output logic [        ACCUMULATOR_BITS-1:0] partial_out
);
  logic [PRODUCTS*WEIGHT_BITS-1:0] loaded;
  logic [PRODUCTS*WEIGHT_BITS-1:0] weight;
  logic [ACCUMULATOR_BITS-1:0] sum;

  always_ff @(posedge clock) if (load) loaded <= weight_in;
  assign weight_out = loaded;

  generate
    if (DOUBLE_BUFFERED != 0) begin : double_buffered
      logic [PRODUCTS*WEIGHT_BITS-1:0] held;
      assign weight = swap ? loaded : held;
      always_ff @(posedge clock) if (swap) held <= loaded;
    end else begin : single_buffered
      logic unused;
      assign unused = swap;
      assign weight = loaded;
    end
  endgenerate

  multiply_add products (
      .activation(activation_in),
      .weight(weight),
      .addend(partial_in),
      .sum(sum)
  );

  always_ff @(posedge clock) begin
    activation_out <= activation_in;
    partial_out <= sum;
  end
endmodule
