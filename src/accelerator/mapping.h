// A layer on the arrays of all cores: which dataflow, how the cores share it, how many cycles it takes. Tiles
// are cut for external traffic alone (tiling.h): operands are double buffered in front of the arrays, so that
// a fold's stream goes on across the borders of tiles. The accumulators do cut it.
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
// What the busiest core runs: equal folds, then those of the last chunk of streamed vectors. A chunk is what
// the accumulators hold.
struct LayerFolds {
  FoldGroup even, last;
};
LayerFolds folds_of_layer(const MappingTask& task, Dataflow dataflow, const Split& split);

struct Compute {
  int64_t cycles = 0;
  int64_t folds = 0,
          streaming_cycles = 0;  // of the busiest core: vectors enter, rather than filling and draining
  Dataflow dataflow = Dataflow::weight_stationary;
  Split split;
  // Bits between the arrays and the memories beside them, all cores together.
  double input_reads = 0, weight_reads = 0, sum_reads = 0, sum_writes = 0;
};

// The fastest of the dataflows and of the splits among the cores, with its traffic filled in.
Compute map_layer(const MappingTask& task, const std::vector<Dataflow>& dataflows);

}  // namespace pact::accelerator
