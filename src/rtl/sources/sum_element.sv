// One place of the column that adds up the activations, with which weights are corrected that are stored as unsigned
// codes: sum (code - offset) x = sum code x - offset sum x. It stands beside column 0 and is as late as it.
module sum_element #(
    parameter int unsigned PRODUCTS = 1,
    parameter int unsigned ACTIVATION_BITS = 8,
    parameter int unsigned SUM_BITS = 22
) (
    input  logic                                clock,
    input  logic [PRODUCTS*ACTIVATION_BITS-1:0] activation,
    input  logic [                SUM_BITS-1:0] partial_in,
    output logic [                SUM_BITS-1:0] partial_out
);
  logic [SUM_BITS-1:0] sum;

  always_comb begin
    sum = partial_in;
    for (int unsigned p = 0; p < PRODUCTS; p++)
      sum = sum + SUM_BITS'(activation[p*ACTIVATION_BITS+:ACTIVATION_BITS]);
  end

  always_ff @(posedge clock) partial_out <= sum;
endmodule
