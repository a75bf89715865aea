// The text form of a graph: printed for people, parsed back to the same graph, used by tests, checkpoints and
// `pact inspect`. One line a value or node:
//
//   graph resnet20
//   input image: f32[N,3,32,32]
//   param stem.weight: f32[16,3,3,3]
//   buffer stem.bn.running_mean: f32[16]
//   stem: f32[N,16,32,32] = conv2d(pixels, stem.weight) groups=1 pads=[1,1,1,1] strides=[1,1]
//   output logits
//
// A value is defined before it is used; attributes left out get their defaults. `#` starts a comment. Lists
// of reals always carry a point or exponent, so that types survive.
#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace pact::graph {

std::string print(const Graph& graph);

// Throws one Error that lists all problems, each with its line number. `origin` names the text in messages.
// The rules hold for what comes back; that nothing is dangling is asked by verify (graph.h), so that the
// input of a pass can be written down, too.
Graph parse(std::string_view text, std::string_view origin);

}  // namespace pact::graph
