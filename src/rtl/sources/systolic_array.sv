// Rows x columns of processing elements, and the column of activation sums on their left edge. The caller feeds the
// edges with the skew of the array: what belongs to row t of the activations enters row r in cycle t + r, column c in
// cycle t + c, and leaves column c at the bottom, registered, rows + t + c cycles after row t entered row 0. Memory
// banks with delayed addresses do that without registers for data. The places of one antidiagonal swap their weights in
// the same cycle, so one chain of flip-flops serves all of them.
module systolic_array #(
    parameter int unsigned ROWS = 16,
    parameter int unsigned COLUMNS = 16,
    parameter int unsigned PRODUCTS = 1,
    parameter int unsigned ACTIVATION_BITS = 8,
    parameter int unsigned WEIGHT_BITS = 8,
    parameter int unsigned ACCUMULATOR_BITS = 29,
    parameter int unsigned SUM_BITS = 22,
    parameter int unsigned DOUBLE_BUFFERED = 1,
    // Distances of neighbours on the ports; wider than the codes where memories deliver whole bytes.
    parameter int unsigned ACTIVATION_LANE = ACTIVATION_BITS,
    parameter int unsigned WEIGHT_LANE = WEIGHT_BITS,
    parameter int unsigned SUM_LANE = ACCUMULATOR_BITS
) (
    input  logic                                     clock,
    input  logic                                     load,
    input  logic                                     swap,         // with the first activations of a fold at row 0
    /* verilator lint_off UNUSEDSIGNAL */  // bits of a lane beyond the code
    input  logic [ROWS*PRODUCTS*ACTIVATION_LANE-1:0] activation,
    input  logic [  COLUMNS*PRODUCTS*WEIGHT_LANE-1:0] weight,
    input  logic [              COLUMNS*SUM_LANE-1:0] partial_in,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic [                      SUM_BITS-1:0] sum_in,
    output logic [              COLUMNS*SUM_LANE-1:0] partial_out,
    output logic [                      SUM_BITS-1:0] sum_out
);
  localparam int unsigned A = PRODUCTS * ACTIVATION_BITS;
  localparam int unsigned W = PRODUCTS * WEIGHT_BITS;

  logic [ROWS+COLUMNS-2:0] swaps;  // of the antidiagonals

  genvar r, c, p;
  generate
    if (ROWS + COLUMNS > 2) begin : diagonals
      logic [ROWS+COLUMNS-3:0] later;
      always_ff @(posedge clock) later <= swaps[ROWS+COLUMNS-3:0];
      assign swaps = {later, swap};
    end else begin : lone
      assign swaps = swap;
    end

    for (r = 0; r < ROWS; r++) begin : row
      logic [SUM_BITS-1:0] activation_sum;
      logic [SUM_BITS-1:0] sum_above;
      logic [A-1:0] entering;

      if (r == 0) begin : first
        assign sum_above = sum_in;
      end else begin : later
        assign sum_above = row[r-1].activation_sum;
      end

      for (p = 0; p < PRODUCTS; p++) begin : lane
        assign entering[p*ACTIVATION_BITS+:ACTIVATION_BITS] =
            activation[(r*PRODUCTS+p)*ACTIVATION_LANE+:ACTIVATION_BITS];
      end

      sum_element #(
          .PRODUCTS(PRODUCTS),
          .ACTIVATION_BITS(ACTIVATION_BITS),
          .SUM_BITS(SUM_BITS)
      ) sums (
          .clock(clock),
          .activation(entering),
          .partial_in(sum_above),
          .partial_out(activation_sum)
      );

      for (c = 0; c < COLUMNS; c++) begin : column
        /* verilator lint_off UNUSEDSIGNAL */  // on the right and at the bottom nobody takes them over
        logic [A-1:0] activation_in, activation_out;
        logic [W-1:0] weight_in, weight_out;
        /* verilator lint_on UNUSEDSIGNAL */
        logic [ACCUMULATOR_BITS-1:0] above, partial;

        if (c == 0) begin : left
          assign activation_in = entering;
        end else begin : inner
          assign activation_in = row[r].column[c-1].activation_out;
        end
        if (r == 0) begin : top
          for (p = 0; p < PRODUCTS; p++) begin : lane
            assign weight_in[p*WEIGHT_BITS+:WEIGHT_BITS] = weight[(c*PRODUCTS+p)*WEIGHT_LANE+:WEIGHT_BITS];
          end
          assign above = partial_in[c*SUM_LANE+:ACCUMULATOR_BITS];
        end else begin : below
          assign weight_in = row[r-1].column[c].weight_out;
          assign above = row[r-1].column[c].partial;
        end
        if (r == ROWS - 1) begin : bottom
          assign partial_out[c*SUM_LANE+:SUM_LANE] = SUM_LANE'(partial);
        end

        processing_element #(
            .PRODUCTS(PRODUCTS),
            .ACTIVATION_BITS(ACTIVATION_BITS),
            .WEIGHT_BITS(WEIGHT_BITS),
            .ACCUMULATOR_BITS(ACCUMULATOR_BITS),
            .DOUBLE_BUFFERED(DOUBLE_BUFFERED)
        ) element (
            .clock(clock),
            .load(load),
            .swap(swaps[r+c]),
            .activation_in(activation_in),
            .weight_in(weight_in),
            .partial_in(above),
            .activation_out(activation_out),
            .weight_out(weight_out),
            .partial_out(partial)
        );
      end
    end
  endgenerate

  assign sum_out = row[ROWS-1].activation_sum;
endmodule
