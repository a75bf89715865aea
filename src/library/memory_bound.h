// Whether a network may be planned at all: a file of a few bytes can describe images of terabytes, for which even the
// plan would take too much. What a plan takes is then known, and held to the limit by the engine itself.
#pragma once

#include <cstddef>

#include "graph/graph.h"

namespace pact::library {

// Throws Error, naming a node, where the values of one image that are alive there, and a padded copy of what the node
// reads, take more than twice `limit_bytes`. A plan takes at least half of that, since a value may lie over another and
// some layers need no copy, so that no network is refused here which the engine would take, unless its padding is larger
// than its images.
void require_memory(const graph::Graph& graph, size_t limit_bytes);

}  // namespace pact::library
