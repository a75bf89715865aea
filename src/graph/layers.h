// Which nodes are layers: those that multiply an input by weights, on real numbers or on codes.
#pragma once

#include "graph/graph.h"

namespace pact::graph {

inline bool is_real_layer(const Node& node) { return node.op == Op::conv2d || node.op == Op::linear; }

inline bool is_integer_layer(const Node& node) {
  return node.op == Op::integer_conv2d || node.op == Op::integer_linear;
}

}  // namespace pact::graph
