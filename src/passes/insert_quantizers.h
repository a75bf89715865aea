// Puts Quant nodes before every convolution and linear layer, on activations and weights, by a bit policy.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "passes/coded_shortcuts.h"
#include "quant/learned.h"

namespace pact::passes {

struct BitOverride {
  std::string pattern;  // of layer names, with * and ?
  int weights = -1;     // -1: as the policy says
  int activations = -1;
};

// "PATTERN=w4a8", "PATTERN=w4", "PATTERN=a32". Throws Error.
BitOverride parse_bit_override(const std::string& text);

// Bits are 1 to 8, or 32 for "stays float".
struct BitPolicy {
  int weights = 32;
  int activations = 32;
  int first_layer = 8;  // weights; its input, the pixels, has 8 bits by nature
  int last_layer = 8;   // weights and activations
  std::string weight_scheme = "sawb";
  std::string activation_scheme = "pact";
  quant::Granularity weight_granularity = quant::Granularity::tensor;
  quant::Granularity activation_granularity = quant::Granularity::tensor;  // channel: cannot be lowered
  double alpha = 10.0;                 // initial clipping level of schemes that learn it
  Shortcuts shortcuts = Shortcuts::real;
  std::vector<BitOverride> overrides;  // later ones win; each must match a layer
};

// Throws Error on bits that do not exist, unknown schemes, and patterns that match nothing.
//  - The first and the last layer get `first_layer` and `last_layer` bits when the policy quantizes at all.
//  - Layers with bits that the weight scheme does not have, binary or ternary ones of 8 bits, get the scheme that
//    stands in for it (quant/weight_schemes.inc); the policy's own bits must be the scheme's.
//  - The grid is unsigned behind a ReLU. An input that may be negative gets the signed grid of its scheme, which takes
//    2 bits or more.
//  - Learned levels start at `alpha`, learned steps of weights as start_weight_steps says, those of activations at
//    `alpha` over the largest code.
//  - An activation is quantized where a layer reads it; other readers of the same value keep it in high precision,
//    shortcuts too unless the policy has them on codes (coded_shortcuts.h). Layers that read the same value with the
//    same bits share a node.
//  - The grid is unsigned behind a ReLU. Where values of both signs may come it is symmetric, and the scheme clips to
//    [-alpha, alpha]; that takes 2 bits or more.
//  - A clip from 0 up (ReLU6) that only quantized layers read becomes a relu: the quantizer clips above.
//  - The input of the first layer is the raw image behind `normalize`: its 256 pixel values are its grid.
graph::Network insert_quantizers(const graph::Network& network, const BitPolicy& policy);

// Sets the learned step of each weight quantizer from the weights that are there now (quant::starting_step).
void start_weight_steps(graph::Network& network);

// The layers that carry weights, in order: what bit policies and tables talk about.
std::vector<const graph::Node*> weighted_layers(const graph::Graph& graph);

}  // namespace pact::passes
