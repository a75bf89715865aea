#include "accelerator/mapping.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace pact::accelerator {
namespace {

// Ways to share the work of `cores` cores between two, neither of which could be larger beside the other.
std::vector<std::pair<int64_t, int64_t>> shares_of(int64_t cores) {
  std::vector<std::pair<int64_t, int64_t>> shares;
  for (int64_t one = 1; one <= cores; ++one) {
    const int64_t other = cores / one;
    one = cores / other;  // the most that go with `other`
    shares.push_back({one, other});
  }
  return shares;
}

std::vector<Split> splits_of(int64_t cores, int64_t groups) {
  std::vector<Split> splits;
  for (const auto& [groups_share, rest] : shares_of(cores)) {
    const int64_t taken = std::min(groups_share, groups);
    for (const auto& [pixels, channels] : shares_of(taken == groups_share ? rest : cores / taken))
      splits.push_back({taken, pixels, channels});
    if (groups_share >= groups) break;
  }
  return splits;
}

// A layer as the matrix product of one group.
MatrixProduct product_of(const MappingTask& task) {
  const Layer& layer = *task.layer;
  return {task.images * layer.pixels(), layer.depth(), layer.out_channels / layer.groups};
}

// Its share for the busiest core.
MatrixProduct share_of(const MappingTask& task, const Split& split) {
  const MatrixProduct whole = product_of(task);
  return {ceil_div(whole.m, split.pixels), whole.k, ceil_div(whole.n, split.channels)};
}

double real(int64_t x) { return static_cast<double>(x); }

// Cores that share an operand read it once each; an operand that is streamed is read again for each fold
// beside.
void count_traffic(const MappingTask& task, Compute& compute) {
  const auto [rows, columns] = task.arrays.shape;
  const MatrixProduct whole = product_of(task), share = share_of(task, compute.split);
  const double repeats = real(task.layer->groups * task.passes);
  double inputs = real(whole.m) * real(whole.k) * real(compute.split.channels);
  double weights = real(whole.n) * real(whole.k) * real(compute.split.pixels);
  double sums = real(ceil_div(whole.k, rows));  // times that a result is added to
  const LayerFolds folds = folds_of_layer(task, compute.dataflow, compute.split);
  const double chunks = real(folds.even.count + folds.last.count) / real(folds.last.count);
  switch (compute.dataflow) {
    case Dataflow::weight_stationary:
      inputs *= real(ceil_div(share.n, columns));
      weights *= chunks;
      break;
    case Dataflow::input_stationary:
      weights *= real(ceil_div(share.m, columns));
      inputs *= chunks;
      break;
    case Dataflow::output_stationary:
      inputs *= real(ceil_div(share.n, columns));
      weights *= real(ceil_div(share.m, rows));
      sums = 1;
      break;
  }
  const double writes = repeats * real(whole.m) * real(whole.n) * sums;
  compute.input_reads = repeats * inputs * task.layer->activation_bits;
  compute.weight_reads = repeats * weights * task.layer->weight_bits;
  compute.sum_writes = writes * task.accumulator_bits;
  compute.sum_reads = compute.sum_writes;  // by the next addition, in the end by what passes the result on
}

}  // namespace

LayerFolds folds_of_layer(const MappingTask& task, Dataflow dataflow, const Split& split) {
  const auto [rows, columns] = task.arrays.shape;
  const MatrixProduct share = share_of(task, split);
  const int64_t repeats = ceil_div(task.layer->groups, split.groups) * task.passes;
  const Folds all = folds_of(share, {dataflow, task.buffering, task.arrays.shape});
  int64_t chunks = 1;
  // Sums wait for the next fold of the depth, so a chunk is as long as the accumulators of a core.
  if (dataflow != Dataflow::output_stationary && share.k > rows) {
    const int64_t room = task.accumulator_budget / task.arrays.cores / (columns * task.accumulator_bits);
    chunks = ceil_div(all.depth, std::max<int64_t>(room, 1));
  }
  const int64_t chunk = ceil_div(all.depth, chunks);
  chunks = ceil_div(all.depth, chunk);
  return {{repeats * all.count * (chunks - 1), chunk},
          {repeats * all.count, all.depth - (chunks - 1) * chunk}};
}

Compute map_layer(const MappingTask& task, const std::vector<Dataflow>& dataflows) {
  Compute best;
  for (const Dataflow dataflow : dataflows) {
    const FoldRun run{dataflow, task.buffering, task.arrays.shape};
    for (const Split& split : splits_of(task.arrays.cores, task.layer->groups)) {
      const auto [even, last] = folds_of_layer(task, dataflow, split);
      const int64_t cycles = run_lead(run) + even.count * fold_period(run, even.depth) +
                             (last.count - 1) * fold_period(run, last.depth) + run_tail(run, last.depth);
      if (best.cycles > 0 && cycles >= best.cycles) continue;
      best.cycles = cycles;
      best.folds = even.count + last.count;
      best.streaming_cycles = even.count * even.depth + last.count * last.depth;
      best.dataflow = dataflow;
      best.split = split;
    }
  }
  count_traffic(task, best);
  return best;
}

}  // namespace pact::accelerator
