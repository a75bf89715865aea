// Weights that are codes, as networks from quantized ONNX files have, as the real numbers they stand for.
#pragma once

#include "graph/graph.h"

namespace pact::passes {

// `network` with each `dequantize` of a parameter replaced by a parameter of its name that holds its values.
// What computes with real numbers can then run it; nothing else changes. Throws Error as weight_codes does.
graph::Network with_real_weights(const graph::Network& network);

}  // namespace pact::passes
