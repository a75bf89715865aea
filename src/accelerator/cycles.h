// Closed forms for the cycles of a systolic array of R rows and C columns. A *fold* is one filling of the
// array with stationary operands; `rows` vectors are streamed through it.
//
// Weight stationary (a fold holds R x C weights; T input vectors pass; the array of `pact rtl`):
//   single buffered, n folds:  n (2R + C + T - 2)
//   double buffered, n folds:  R + (n - 1) max(T, 2R + C - 2) + T + R + C - 2
//     R to load the first weights; a fold then holds the array for its T vectors, or for as long as the next
//     fold's weights need to get in behind them; the last fold drains.
// Input stationary is the same with inputs and weights exchanged. Output stationary (a fold computes R x C
// outputs, T = K products deep; results leave through R shifts):
//   single buffered, n folds:  n (2R + C + T - 2)
//   double buffered, n folds:  (n - 1) max(T, R) + T + 2R + C - 2
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pact::accelerator {

enum class Dataflow { weight_stationary, input_stationary, output_stationary };
std::string name_of(Dataflow dataflow);  // "ws", "is", "os"

enum class Buffering { single_, double_ };

struct ArrayShape {
  int64_t rows = 0, columns = 0;
  int64_t elements() const { return rows * columns; }
  bool operator==(const ArrayShape&) const = default;
};

// Of equal folds one after another: `folds` of them, `depth` vectors (ws, is) or products (os) each.
struct FoldRun {
  Dataflow dataflow = Dataflow::weight_stationary;
  Buffering buffering = Buffering::double_;
  ArrayShape array;
};

// Cycles in which a fold holds the array while another follows.
int64_t fold_period(const FoldRun& run, int64_t depth);
// Cycles before the first fold's first vector, and from the last fold's first vector to the last result. A
// run of folds takes lead + period of all folds but the last + tail of the last.
int64_t run_lead(const FoldRun& run);
int64_t run_tail(const FoldRun& run, int64_t last_depth);
// Of `folds` folds of `depth`; 0 for none.
int64_t run_cycles(const FoldRun& run, int64_t folds, int64_t depth);

// An M x K by K x N product on one array.
struct MatrixProduct {
  int64_t m = 0, k = 0, n = 0;
};
struct Folds {
  int64_t count = 0, depth = 0;
};
Folds folds_of(const MatrixProduct& product, const FoldRun& run);

// What SCALE-Sim v2 counts for one layer: the index of the last cycle, so one less than the number of cycles
//   ws: ceil(K/R) ceil(N/C) (2R + C + M - 2) - 1
//   is: ceil(K/R) ceil(M/C) (2R + C + N - 2) - 1
//   os: ceil(M/R) ceil(N/C) (R + C + K - 2) - 1     (results are not shifted out)
int64_t scale_sim_cycles(const MatrixProduct& product, Dataflow dataflow, const ArrayShape& array);

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace pact::accelerator
