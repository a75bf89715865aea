// A plan: the steps that an integer network is turned into, in order, and where their values lie. Made once;
// running it allocates nothing.
#pragma once

#include <vector>

#include "base/isa.h"
#include "engine/stages.h"
#include "engine/step.h"
#include "graph/graph.h"

namespace pact::engine {

struct PlanOptions {
  Isa isa;
  std::string algorithm;  // as EngineOptions::algorithm
  int threads;
  int64_t max_batch;
  size_t cached_bytes = 0;  // as EngineOptions::cached_bytes
};

// Where a value lies: that of the first image of those that its stage takes at once, and behind it those of the others.
struct Home {
  size_t offset = 0, image_bytes = 0;
  size_t stage = 0;  // the last one that writes or reads it
};

struct Plan {
  std::vector<Step> steps;
  std::vector<Stage> stages;
  graph::ValueId input = -1, output = -1;
  bool is_small = false;    // Images::are_small
  std::vector<Home> homes;  // of each value in the arena; unused for parameters
  size_t arena_bytes = 0;
  size_t scratch_bytes = 0;  // per worker
};

// Throws Error, naming the node, on what the engine does not run: quant nodes, several inputs or outputs,
// activations that are parameters. `spent`: the tensors of `network` where nobody needs them afterwards; each goes as
// soon as the last step that takes it is made.
Plan make_plan(const graph::Network& network, const PlanOptions& options, graph::Tensors* spent = nullptr);

}  // namespace pact::engine
