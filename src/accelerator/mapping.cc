#include "accelerator/mapping.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace pact::accelerator {
namespace {

struct Piece {
  int64_t size = 0, count = 0;
};

// `total` cut into pieces of `size`, the last one smaller.
std::array<Piece, 2> pieces(int64_t total, int64_t size) {
  size = std::min(size, total);
  return {Piece{size, total / size}, Piece{total % size, total % size > 0 ? 1 : 0}};
}

std::vector<Split> splits_of(int64_t cores, int64_t groups) {
  std::vector<Split> splits;
  for (int64_t g = 1; g <= std::min(cores, groups); ++g) {
    if (cores % g != 0) continue;
    for (int64_t p = 1; p <= cores / g; ++p)
      if (cores / g % p == 0) splits.push_back({g, p, cores / g / p});
  }
  return splits;
}

}  // namespace

std::vector<TileClass> tile_classes(const Layer& layer, int64_t images, const Tiling& tiling) {
  std::array<Piece, 2> rows;
  int64_t repeats = 1;
  if (tiling.rows >= layer.out_rows) {
    rows = pieces(images, tiling.rows / layer.out_rows);
    for (Piece& piece : rows) piece.size *= layer.out_rows;
  } else {
    rows = pieces(layer.out_rows, tiling.rows);
    repeats = images;
  }
  std::vector<TileClass> classes;
  for (const Piece& row : rows)
    for (const Piece& channel : pieces(layer.out_channels / layer.groups, tiling.channels))
      for (const Piece& depth : pieces(layer.in_channels / layer.groups, tiling.in_channels))
        if (const int64_t count = repeats * row.count * channel.count * depth.count; count > 0)
          classes.push_back({{row.size * layer.out_columns, channel.size,
                              depth.size * layer.kernel_rows * layer.kernel_columns, layer.groups},
                             count});
  return classes;
}

TileFolds folds_of_tile(const MappingTask& task, const TileShape& tile, Dataflow dataflow,
                        const Split& split) {
  const auto [rows, columns] = task.arrays.shape;
  const int64_t m = ceil_div(tile.pixels, split.pixels), n = ceil_div(tile.channels, split.channels);
  const int64_t repeats = ceil_div(tile.groups, split.groups) * task.passes;
  if (dataflow == Dataflow::output_stationary)
    return {{}, {repeats * ceil_div(m, rows) * ceil_div(n, columns), tile.depth}};
  const bool weights_stay = dataflow == Dataflow::weight_stationary;
  const int64_t streamed = weights_stay ? m : n, held = weights_stay ? n : m;
  const int64_t depth_folds = ceil_div(tile.depth, rows);
  const int64_t folds = repeats * depth_folds * ceil_div(held, columns);
  // Sums wait for the next fold of the depth, so a chunk is as long as the accumulators of a core.
  int64_t chunks = 1;
  if (depth_folds > 1) {
    const int64_t room = task.accumulator_budget / task.arrays.cores / (columns * task.accumulator_bits);
    chunks = ceil_div(streamed, std::max<int64_t>(room, 1));
  }
  const int64_t chunk = ceil_div(streamed, chunks);
  chunks = ceil_div(streamed, chunk);
  return {{folds * (chunks - 1), chunk}, {folds, streamed - (chunks - 1) * chunk}};
}

Compute map_layer(const MappingTask& task, const Tiling& tiling, Dataflow dataflow) {
  const std::vector<TileClass> classes = tile_classes(*task.layer, task.images, tiling);
  const FoldRun run{dataflow, task.buffering, task.arrays.shape};
  Compute best;
  for (const Split& split : splits_of(task.arrays.cores, task.layer->groups)) {
    int64_t cycles = run_lead(run);
    int64_t last_depth = 0, count = 0, streaming = 0;
    for (const TileClass& one : classes) {
      const TileFolds folds = folds_of_tile(task, one.shape, dataflow, split);
      cycles += one.count * (folds.even.count * fold_period(run, folds.even.depth) +
                             folds.last.count * fold_period(run, folds.last.depth));
      last_depth = folds.last.depth;
      count += one.count * (folds.even.count + folds.last.count);
      streaming += one.count * (folds.even.count * folds.even.depth + folds.last.count * folds.last.depth);
    }
    cycles += run_tail(run, last_depth) - fold_period(run, last_depth);
    if (best.cycles == 0 || cycles < best.cycles) best = {cycles, count, streaming, dataflow, split};
  }
  return best;
}

void count_array_traffic(const MappingTask& task, const Tiling& tiling, Compute& compute) {
  const auto [rows, columns] = task.arrays.shape;
  const Split& split = compute.split;
  double inputs = 0, weights = 0, reads = 0, writes = 0;
  for (const TileClass& one : tile_classes(*task.layer, task.images, tiling)) {
    const TileShape& tile = one.shape;
    const auto real = [](int64_t x) { return static_cast<double>(x); };
    const int64_t m = ceil_div(tile.pixels, split.pixels), n = ceil_div(tile.channels, split.channels);
    // Per core; cores that share an operand read it once each.
    double in = real(tile.pixels * tile.depth * split.channels),
           w = real(tile.channels * tile.depth * split.pixels);
    double sums = 1;
    switch (compute.dataflow) {
      case Dataflow::weight_stationary: {
        const TileFolds folds = folds_of_tile(task, tile, compute.dataflow, split);
        in *= real(ceil_div(n, columns));
        w *= real(folds.last.count + folds.even.count) / real(folds.last.count);
        sums = real(ceil_div(tile.depth, rows));
        break;
      }
      case Dataflow::input_stationary: {
        const TileFolds folds = folds_of_tile(task, tile, compute.dataflow, split);
        w *= real(ceil_div(m, columns));
        in *= real(folds.last.count + folds.even.count) / real(folds.last.count);
        sums = real(ceil_div(tile.depth, rows));
        break;
      }
      case Dataflow::output_stationary:
        in *= real(ceil_div(n, columns));
        w *= real(ceil_div(m, rows));
        break;
    }
    const double repeats = real(one.count * tile.groups * task.passes);
    const double outputs = real(tile.pixels * tile.channels);
    inputs += repeats * in;
    weights += repeats * w;
    writes += repeats * outputs * sums;
    reads += repeats * outputs * (sums - 1) + repeats * outputs;  // the last reading passes the result on
  }
  compute.input_reads = inputs * task.layer->activation_bits;
  compute.weight_reads = weights * task.layer->weight_bits;
  compute.sum_reads = reads * task.accumulator_bits;
  compute.sum_writes = writes * task.accumulator_bits;
}

}  // namespace pact::accelerator
