// A layer's tiles on the arrays of all cores: which dataflow, how the cores share a tile, how many cycles it
// takes.
#pragma once

#include "accelerator/cycles.h"
#include "accelerator/description.h"
#include "accelerator/tiling.h"

namespace pact::accelerator {

// How cores share a tile: each takes some of its groups, pixels and output channels. Products of one output
// stay in one core.
struct Split {
  int64_t groups = 1, pixels = 1, channels = 1;
};

struct MappingTask {
  const Layer* layer = nullptr;
  int64_t images = 1;
  Arrays arrays;
  int64_t passes = 1;  // over slices of operands that are wider than the elements
  Buffering buffering = Buffering::double_;
  int accumulator_bits = 32;
  int64_t accumulator_budget = 0;  // bits of the whole chip, one of two buffers
};

// Folds of one kind that follow on each other.
struct FoldGroup {
  int64_t count = 0, depth = 0;
};

// One tile of `pixels` x `depth` by `depth` x `channels` in `groups` groups, as its busiest core sees it.
struct TileShape {
  int64_t pixels = 0, channels = 0, depth = 0, groups = 1;
};
// At most two groups: equal folds, and those of the last chunk of streamed vectors. A chunk is what the
// accumulators hold.
struct TileFolds {
  FoldGroup even, last;
};
TileFolds folds_of_tile(const MappingTask& task, const TileShape& tile, Dataflow dataflow,
                        const Split& split);

struct Compute {
  int64_t cycles = 0;
  int64_t folds = 0,
          streaming_cycles = 0;  // of the busiest core: vectors enter, rather than filling and draining
  Dataflow dataflow = Dataflow::weight_stationary;
  Split split;
  // Bits between the arrays and the memories beside them, all cores together.
  double input_reads = 0, weight_reads = 0, sum_reads = 0, sum_writes = 0;
};

// The tiles of a layer by their sizes: full ones and what is left over at the edges.
struct TileClass {
  TileShape shape;
  int64_t count = 0;
};
std::vector<TileClass> tile_classes(const Layer& layer, int64_t images, const Tiling& tiling);

// The fastest split for a dataflow, of all that divide the cores.
Compute map_layer(const MappingTask& task, const Tiling& tiling, Dataflow dataflow);
// With SRAM traffic filled in.
void count_array_traffic(const MappingTask& task, const Tiling& tiling, Compute& compute);

}  // namespace pact::accelerator
