// What a network makes the engine allocate, reckoned before it does: a file of a few bytes can describe
// images of terabytes.
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace pact::library {

// Throws Error, naming the node, when the values that are alive at some node, its padded input included,
// would take more than `limit_bytes` for `max_batch` images. The engine fuses steps and takes less.
void require_memory(const graph::Graph& graph, int64_t max_batch, size_t limit_bytes);

}  // namespace pact::library
