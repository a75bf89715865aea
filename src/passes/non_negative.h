// Which values cannot be negative, so that a grid without negative levels loses nothing.
#pragma once

#include "graph/graph.h"

namespace pact::passes {

// Is `value` behind a ReLU, possibly with operations between that keep it from being negative?
bool is_non_negative(const graph::Graph& graph, graph::ValueId value);

}  // namespace pact::passes
