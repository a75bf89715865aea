// A bound on what a network makes the engine allocate, taken before it does: a file of a few bytes can
// describe images of terabytes.
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace pact::library {

// Throws Error, naming the node, when some node's values alone, padded input included, would take more than
// `limit_bytes` for `max_batch` images.
void require_memory(const graph::Graph& graph, int64_t max_batch, size_t limit_bytes);

}  // namespace pact::library
