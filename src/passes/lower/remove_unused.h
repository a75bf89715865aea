// Leaves out what no output needs.
#pragma once

#include "graph/graph.h"

namespace pact::passes {

// The nodes, parameters and buffers of `network` on which an output depends, in their order, and all its
// inputs, which are the caller's business.
graph::Network remove_unused(graph::Network network);

}  // namespace pact::passes
