// Passes random activations and weights through the core and compares every sum, and every requantized integer, with
// what they are by definition; counts the cycles. Ends with "PASS" or with "FAIL" and what differed.
module test_bench;
  parameter int unsigned ROWS = 16;
  parameter int unsigned COLUMNS = 16;
  parameter int unsigned PRODUCTS = 1;
  parameter int unsigned ACTIVATION_BITS = 8;
  parameter int unsigned WEIGHT_BITS = 8;
  parameter int unsigned ACCUMULATOR_BITS = 29;
  parameter int unsigned SUM_BITS = 22;
  parameter int unsigned DOUBLE_BUFFERED = 1;
  parameter int unsigned SIGNED_WEIGHTS = 0;
  parameter longint unsigned CODING_CONSTANT = 0;  // what a product in two's complement is too large by
  localparam int LENGTH = 2 * ROWS + COLUMNS + 3;
  localparam int FOLDS = 3;
  localparam int DEPTH = ROWS * PRODUCTS;
  localparam int TERMS = FOLDS * DEPTH;
  localparam int TRAVEL = ROWS + COLUMNS - 2;
  localparam int CYCLES = DOUBLE_BUFFERED != 0 ? ROWS + (FOLDS - 1) * LENGTH + LENGTH + TRAVEL
                                               : FOLDS * (ROWS + LENGTH + TRAVEL);
  localparam int ACTIVATION_LANE = ACTIVATION_BITS > 8 ? 16 : 8;
  localparam int WEIGHT_LANE = WEIGHT_BITS > 8 ? 16 : 8;
  localparam int SUM_LANE = ACCUMULATOR_BITS > 32 ? 64 : 32;

  logic clock = 0, reset = 1, start = 0;
  logic busy, load, stream, swap, result;
  logic [31:0] position;
  logic [ROWS*PRODUCTS*ACTIVATION_LANE-1:0] activation = '0;
  logic [COLUMNS*PRODUCTS*WEIGHT_LANE-1:0] weight = '0;
  logic [COLUMNS*SUM_LANE-1:0] partial_in = '0, partial_out, x = '0;
  logic [SUM_LANE-1:0] sum_in = '0, sum_out;
  logic requantize_enable = 0;
  logic [COLUMNS*16-1:0] multiplier = '0;
  logic [COLUMNS*64-1:0] bias = '0;
  logic [COLUMNS*8-1:0] shift = '0;
  logic [COLUMNS*32-1:0] addend = '0, requantized;

  core #(
      .ROWS(ROWS),
      .COLUMNS(COLUMNS),
      .PRODUCTS(PRODUCTS),
      .ACTIVATION_BITS(ACTIVATION_BITS),
      .WEIGHT_BITS(WEIGHT_BITS),
      .ACCUMULATOR_BITS(ACCUMULATOR_BITS),
      .SUM_BITS(SUM_BITS),
      .DOUBLE_BUFFERED(DOUBLE_BUFFERED)
  ) unit (
      .clock(clock),
      .reset(reset),
      .start(start),
      .folds(FOLDS),
      .length(LENGTH),
      .busy(busy),
      .load(load),
      .stream(stream),
      .swap(swap),
      .position(position),
      .result(result),
      .activation(activation),
      .weight(weight),
      .partial_in(partial_in),
      .sum_in(sum_in),
      .partial_out(partial_out),
      .sum_out(sum_out),
      .requantize_enable(requantize_enable),
      .from_array(1'b0),
      .x(x),
      .x_sum('0),
      .doubled(1'b0),
      .offset(9'd0),
      .multiplier(multiplier),
      .bias(bias),
      .shift(shift),
      .addend(addend),
      .low(-32'sd100),
      .high(32'sd155),
      .requantized(requantized)
  );

  // The operands, and the sums as they come.
  logic [ACTIVATION_BITS-1:0] codes[LENGTH*TERMS];
  logic [WEIGHT_BITS-1:0] weights[TERMS*COLUMNS];
  logic [ACCUMULATOR_BITS-1:0] sums[LENGTH*COLUMNS];
  logic [SUM_BITS-1:0] activation_sums[LENGTH];
  // What passes row r or column c now entered row 0 or column 0 that many cycles ago: its fold and its position.
  int row_fold[ROWS+COLUMNS], row_position[ROWS+COLUMNS];
  int out_position[COLUMNS];
  int streamed = 0, loaded = 0, finished = 0, cycles = 0, wrong = 0, step = 0;
  int round = -1;  // of the requantize units

  always #5 clock = ~clock;

  task automatic feed;
    for (int i = ROWS + COLUMNS - 1; i > 0; i--) begin
      row_fold[i] = row_fold[i-1];
      row_position[i] = row_position[i-1];
    end
    row_position[0] = stream ? int'(position) : -1;
    row_fold[0] = streamed / LENGTH;
    if (stream) streamed++;
    for (int r = 0; r < ROWS; r++)
      if (row_position[r] >= 0)
        for (int p = 0; p < PRODUCTS; p++)
          activation[(r*PRODUCTS+p)*ACTIVATION_LANE+:ACTIVATION_LANE] =
              ACTIVATION_LANE'(codes[row_position[r]*TERMS+row_fold[r]*DEPTH+r*PRODUCTS+p]);
    for (int c = 0; c < COLUMNS; c++)
      if (row_position[c] >= 0)
        partial_in[c*SUM_LANE+:SUM_LANE] =
            row_fold[c] == 0 ? '0 : SUM_LANE'(sums[row_position[c]*COLUMNS+c]);
    if (stream) sum_in = row_fold[0] == 0 ? '0 : SUM_LANE'(activation_sums[position]);
    if (load) begin
      for (int c = 0; c < COLUMNS; c++)
        for (int p = 0; p < PRODUCTS; p++)
          weight[(c*PRODUCTS+p)*WEIGHT_LANE+:WEIGHT_LANE] =
              WEIGHT_LANE'(weights[((loaded/ROWS)*DEPTH+(ROWS-1-loaded%ROWS)*PRODUCTS+p)*COLUMNS+c]);
      loaded++;
    end
  endtask

  task automatic collect;
    for (int c = COLUMNS - 1; c > 0; c--) out_position[c] = out_position[c-1];
    out_position[0] = result ? finished % LENGTH : -1;
    if (result) begin
      activation_sums[finished%LENGTH] = sum_out[SUM_BITS-1:0];
      finished++;
    end
    for (int c = 0; c < COLUMNS; c++)
      if (out_position[c] >= 0)
        sums[out_position[c]*COLUMNS+c] = partial_out[c*SUM_LANE+:ACCUMULATOR_BITS];
  endtask

  task automatic check_sums;
    logic [63:0] sum, term, activation_sum;
    for (int t = 0; t < LENGTH; t++) begin
      activation_sum = 0;
      for (int k = 0; k < TERMS; k++) activation_sum += 64'(codes[t*TERMS+k]);
      if (activation_sums[t] !== activation_sum[SUM_BITS-1:0]) wrong++;
      for (int c = 0; c < COLUMNS; c++) begin
        sum = 0;
        for (int k = 0; k < TERMS; k++) begin
          term = SIGNED_WEIGHTS != 0 ? 64'($signed(weights[k*COLUMNS+c])) : 64'(weights[k*COLUMNS+c]);
          sum += term * 64'(codes[t*TERMS+k]) + CODING_CONSTANT;
        end
        if (sums[t*COLUMNS+c] !== sum[ACCUMULATOR_BITS-1:0]) wrong++;
      end
    end
  endtask

  // The quotient by division, compared at twice its size: a tie is where the rest is half the divisor.
  function automatic longint rounded(longint sum, int unsigned by);
    longint whole, rest;
    whole = sum >>> by;
    rest = sum - (whole <<< by);
    if (2 * rest > (64'd1 <<< by) || (2 * rest == (64'd1 <<< by) && whole[0])) whole++;
    return whole;
  endfunction

  // Short and even numbers in every other round, so that ties come up.
  task automatic draw_requantize;
    for (int c = 0; c < COLUMNS; c++) begin
      x[c*SUM_LANE+:32] = round % 2 != 0 ? $urandom : 32'($signed(8'($urandom)));
      multiplier[c*16+:16] = round % 2 != 0 ? 16'($urandom) | 16'd1 : 16'd64;
      shift[c*8+:8] = round % 2 != 0 ? 8'(1 + $urandom % 46) : 8'(1 + $urandom % 8);
      bias[c*64+:64] = round % 2 != 0 ? 64'($signed($urandom)) * 64'd4096 : 64'd32;
      addend[c*32+:32] = 32'($signed(7'($urandom)));
    end
  endtask

  task automatic check_requantize;
    longint sum, right;
    for (int c = 0; c < COLUMNS; c++) begin
      sum = 64'($signed(x[c*SUM_LANE+:32])) * 64'($signed(multiplier[c*16+:16])) + bias[c*64+:64];
      right = rounded(sum, 32'(shift[c*8+:8])) + 64'($signed(addend[c*32+:32]));
      right = right < -100 ? -100 : right > 155 ? 155 : right;
      if (64'($signed(requantized[c*32+:32])) !== right) wrong++;
    end
  endtask

  initial begin
    for (int i = 0; i < LENGTH * TERMS; i++) codes[i] = ACTIVATION_BITS'($urandom);
    for (int i = 0; i < TERMS * COLUMNS; i++) weights[i] = WEIGHT_BITS'($urandom);
    for (int i = 0; i < ROWS + COLUMNS; i++) row_position[i] = -1;
    for (int c = 0; c < COLUMNS; c++) out_position[c] = -1;
  end

  // Inputs change at the falling edge. Two clocks of reset, one of start, the folds, then the requantize units.
  always @(negedge clock) begin
    step++;
    reset = step < 3;
    start = step == 3;
    if (step > 3 && round < 0) begin
      collect();
      if (busy) begin
        feed();
        cycles++;
      end else begin
        check_sums();
        if (cycles != CYCLES) wrong++;
        round = 0;
      end
    end
    if (round >= 0) begin
      if (requantize_enable) check_requantize();
      requantize_enable = 1;
      draw_requantize();
      round++;
      if (round == 2000) begin
        $display("%0d x %0d elements, %0d folds of %0d rows: %0d cycles, by the closed form %0d; %0d differences",
                 ROWS, COLUMNS, FOLDS, LENGTH, cycles, CYCLES, wrong);
        if (wrong == 0) $display("PASS");
        else $display("FAIL");
        $finish;
      end
    end
  end
endmodule
