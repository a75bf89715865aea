// How many images the steps of a plan take at once. The values of an early layer are large: the fewer images, the
// more of them are still in the cache when the next step reads them. Late layers have small values and many weights,
// which are read once for all images of a step. So a plan has stages: the first runs for a few images, again and
// again, until the next one has as many as it takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/step.h"
#include "engine/units.h"
#include "graph/graph.h"

namespace pact::engine {

struct Images {
  std::vector<int64_t> at_once;  // by unit, never falling
  // Whether each thread shall take images of its own through all steps, with an arena of its own, where there
  // are images for all: networks whose layers are as short as the waiting of threads for each other.
  bool are_small = false;
};

// `cached_bytes`: EngineOptions::cached_bytes.
Images choose_images(const graph::Graph& graph, std::span<const Unit> units, int64_t max_batch, int threads,
                     size_t cached_bytes);

struct Stage {
  int begin, end;  // steps
  int64_t images;  // at most
};

// Steps with the same `images`, in order; these never fall. At least one stage, of one image where there are
// no steps.
std::vector<Stage> stages_of(std::span<const Step> steps);

}  // namespace pact::engine
