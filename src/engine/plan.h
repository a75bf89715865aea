// A plan: the steps that an integer network is turned into, in order, and where their values lie. Made once;
// running it allocates nothing.
#pragma once

#include <vector>

#include "base/isa.h"
#include "engine/step.h"
#include "graph/graph.h"

namespace pact::engine {

struct PlanOptions {
  Isa isa;
  std::string algorithm;  // as EngineOptions::algorithm
  int threads;
  int64_t max_batch;
};

struct Plan {
  std::vector<Step> steps;
  graph::ValueId input = -1, output = -1;
  // What a run takes through all steps before it begins with the next images: as many as have their values in the
  // cache, at most max_batch.
  int64_t images_at_once = 1;
  // Whether each thread shall take images of its own through all steps, with an arena of its own, where there
  // are images for all: networks whose layers are as short as the waiting of threads for each other.
  bool is_small = false;
  std::vector<size_t> offsets;  // of each value in the arena, for images_at_once; unused for parameters
  size_t arena_bytes = 0;
  size_t scratch_bytes = 0;  // per worker
};

// Throws Error, naming the node, on what the engine does not run: quant nodes, several inputs or outputs,
// activations that are parameters. `spent`: the tensors of `network` where nobody needs them afterwards; each goes as
// soon as the last step that takes it is made.
Plan make_plan(const graph::Network& network, const PlanOptions& options, graph::Tensors* spent = nullptr);

}  // namespace pact::engine
