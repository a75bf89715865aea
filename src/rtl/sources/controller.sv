// The order of events of a sequence of folds. A fold is one block of weights, `rows` by `columns`, and the `length`
// rows of activations that pass through it. `busy` is high for exactly
//   folds (2 R + C + length - 2)                                             single-buffered
//   R + (folds - 1) max(length, 2 R + C - 2) + length + R + C - 2            double-buffered
// cycles, R rows and C columns.
module controller #(
    parameter int unsigned ROWS = 16,
    parameter int unsigned COLUMNS = 16,
    parameter int unsigned DOUBLE_BUFFERED = 1
) (
    input  logic        clock,
    input  logic        reset,
    input  logic        start,
    input  logic [31:0] folds,    // at least 1
    input  logic [31:0] length,   // at least 1
    output logic        busy,
    output logic        load,     // a row of weights enters, the last row of the fold first
    output logic        stream,   // row `position` of the activations enters row 0
    output logic        swap,     // and is the first of its fold
    output logic [31:0] position,
    output logic        result    // a result leaves column 0
);
  // From the first cycle of a fold to the one in which its last element swaps.
  localparam int unsigned TRAVEL = ROWS + COLUMNS - 2;

  logic [31:0] to_load;    // folds whose weights are not loaded yet
  logic [31:0] to_stream;  // folds that have not begun to stream
  logic [31:0] loaded;     // rows of the fold that is being loaded
  logic [31:0] age;        // cycles since the first one of the latest fold, up to TRAVEL
  logic [31:0] rest;       // cycles since the last one that streamed, up to TRAVEL
  logic        ready;      // weights are loaded and not taken
  logic [ROWS-1:0] on_the_way;

  logic ends_load, ends_stream, begins, may_load;

  assign may_load = DOUBLE_BUFFERED != 0 ? (age == TRAVEL) : (!stream && rest == TRAVEL);
  assign load = busy && !ready && to_load != 0 && (loaded != 0 || may_load);
  assign ends_load = load && loaded == ROWS - 1;
  assign ends_stream = stream && position == length - 1;
  assign begins = (ready || ends_load) && (!stream || ends_stream) && to_stream != 0;
  assign swap = stream && position == 0;
  assign result = on_the_way[ROWS-1];

  always_ff @(posedge clock) begin
    on_the_way <= ROWS'({on_the_way, stream});
    if (reset) begin
      busy <= 1'b0;
      stream <= 1'b0;
      ready <= 1'b0;
      to_load <= 0;
      to_stream <= 0;
      loaded <= 0;
      age <= 0;
      rest <= 0;
      position <= 0;
      on_the_way <= '0;
    end else if (start) begin
      busy <= 1'b1;
      stream <= 1'b0;
      ready <= 1'b0;
      to_load <= folds;
      to_stream <= folds;
      loaded <= 0;
      age <= TRAVEL;
      rest <= TRAVEL;
      position <= 0;
    end else if (busy) begin
      if (load) loaded <= ends_load ? 0 : loaded + 1;
      if (ends_load) to_load <= to_load - 1;
      ready <= (ready || ends_load) && !begins;

      if (begins) begin
        stream <= 1'b1;
        position <= 0;
        to_stream <= to_stream - 1;
        age <= 0;
      end else begin
        if (ends_stream) stream <= 1'b0;
        if (stream && !ends_stream) position <= position + 1;
        if (age != TRAVEL) age <= age + 1;
      end

      if (stream) rest <= 0;
      else if (rest != TRAVEL) rest <= rest + 1;
      if (to_stream == 0 && (TRAVEL == 0 ? ends_stream : !stream && rest == TRAVEL - 1)) busy <= 1'b0;
    end
  end
endmodule
