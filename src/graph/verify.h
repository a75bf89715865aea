// The verifier's view of a graph: its parts in the open, so that tests can hand it broken ones, which no
// sequence of add_* yields. Users call find_problems or verify (graph.h).
#pragma once

#include <span>

#include "graph/graph.h"

namespace pact::graph {

struct GraphParts {
  std::span<const Node> nodes;
  std::span<const Value> values;
  std::span<const ValueId> inputs;
  std::span<const ValueId> outputs;
};

std::vector<std::string> find_problems(const GraphParts& parts);

}  // namespace pact::graph
