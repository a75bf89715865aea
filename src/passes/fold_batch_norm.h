// Batch norms move into the layers before them, as a deployed network has it: what is quantized then are the
// weights that will run, and a layer's bias is the place for corrections.
#pragma once

#include "graph/graph.h"

namespace pact::passes {

// With g = gamma / sqrt(variance + epsilon) of each output, a convolution or linear layer that only a batch
// norm reads gets the weights w g and the bias beta + (bias - mean) g, formed in double and rounded to
// float32 once. The layer keeps its name. Layers whose weights are quantized, or shared with others, and
// batch norms that read anything else stay as they are.
graph::Network fold_batch_norm(const graph::Network& network);

}  // namespace pact::passes
