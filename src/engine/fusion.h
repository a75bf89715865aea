// Which nodes are computed together: an integer layer with its rescale, the shortcut, the relu and the
// quantize behind it, so that accumulators and, where nobody else reads them, real numbers never reach
// memory; and the dequantize of a shortcut that is kept as codes.
#pragma once

#include <vector>

#include "engine/step.h"
#include "graph/graph.h"

namespace pact::engine {

// integer_conv2d or integer_linear, and what follows it. Nodes that are not there are kNoNode, and so on.
struct Fusion {
  graph::NodeId layer = graph::kNoNode;
  graph::NodeId rescale = graph::kNoNode;
  graph::NodeId add = graph::kNoNode;
  graph::NodeId dequantize = graph::kNoNode;  // of the shortcut
  graph::NodeId relu = graph::kNoNode;
  graph::NodeId quantize = graph::kNoNode;
  // The other summand of `add`; what `dequantize` reads, if it is there.
  graph::ValueId shortcut = kNoValue;
  graph::ValueId accumulators = kNoValue;  // written when there is no rescale
  graph::ValueId real = kNoValue;          // written when somebody but `quantize` reads it
  graph::ValueId codes = kNoValue;         // what `quantize` yields

  // The node at whose place in the order all inputs are there.
  graph::NodeId place() const;
  std::vector<graph::NodeId> nodes() const;
};

// One per integer layer, in node order; no node is in two of them.
std::vector<Fusion> find_fusions(const graph::Graph& graph);

}  // namespace pact::engine
