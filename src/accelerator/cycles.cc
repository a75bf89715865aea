#include "accelerator/cycles.h"

#include <algorithm>

#include "base/error.h"

namespace pact::accelerator {

std::string name_of(Dataflow dataflow) {
  switch (dataflow) {
    case Dataflow::weight_stationary:
      return "ws";
    case Dataflow::input_stationary:
      return "is";
    case Dataflow::output_stationary:
      return "os";
  }
  return "?";
}

int64_t fold_period(const FoldRun& run, int64_t depth) {
  const auto [rows, columns] = run.array;
  if (run.buffering == Buffering::single_) return 2 * rows + columns + depth - 2;
  return std::max(depth, run.dataflow == Dataflow::output_stationary ? rows : 2 * rows + columns - 2);
}

int64_t run_lead(const FoldRun& run) {
  const bool preloads = run.buffering == Buffering::double_ && run.dataflow != Dataflow::output_stationary;
  return preloads ? run.array.rows : 0;
}

int64_t run_tail(const FoldRun& run, int64_t last_depth) {
  const auto [rows, columns] = run.array;
  return 2 * rows + columns + last_depth - 2 - run_lead(run);
}

int64_t run_cycles(const FoldRun& run, int64_t folds, int64_t depth) {
  if (folds == 0) return 0;
  return run_lead(run) + (folds - 1) * fold_period(run, depth) + run_tail(run, depth);
}

Folds folds_of(const MatrixProduct& p, const FoldRun& run) {
  const auto [rows, columns] = run.array;
  switch (run.dataflow) {
    case Dataflow::weight_stationary:
      return {ceil_div(p.k, rows) * ceil_div(p.n, columns), p.m};
    case Dataflow::input_stationary:
      return {ceil_div(p.k, rows) * ceil_div(p.m, columns), p.n};
    case Dataflow::output_stationary:
      return {ceil_div(p.m, rows) * ceil_div(p.n, columns), p.k};
  }
  fail(ErrorKind::internal, "a dataflow without folds");
}

int64_t scale_sim_cycles(const MatrixProduct& product, Dataflow dataflow, const ArrayShape& array) {
  const Folds folds = folds_of(product, {dataflow, Buffering::single_, array});
  const int64_t results = dataflow == Dataflow::output_stationary ? 0 : array.rows;
  return folds.count * (results + array.rows + array.columns + folds.depth - 2) - 1;
}

}  // namespace pact::accelerator
