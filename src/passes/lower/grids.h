// The grids behind quant nodes: which node quantizes weights and which activations, and what grid its scheme
// and its numbers make (quant/activations.h, quant/weights.h).
#pragma once

#include <vector>

#include "graph/graph.h"
#include "quant/grid.h"

namespace pact::passes {

// The number of a parameter or buffer, or nullptr where `value` is computed or fed.
const graph::Tensor* constant_of(const graph::Network& network, graph::ValueId value);

// The node that computes `value`, if it stands for codes of a parameter: a quant node, or a dequantize node
// as networks from quantized ONNX files have. And the quant node that computes it from anything else.
const graph::Node* weight_quant(const graph::Network& network, graph::ValueId value);
const graph::Node* activation_quant(const graph::Network& network, graph::ValueId value);

// The grid of an activation's quant node. Throws Error, naming it, also where each channel has a grid of its
// own.
quant::Grid activation_grid(const graph::Network& network, const graph::Node& quant);

struct WeightCodes {
  quant::Grid grid;
  graph::Tensor codes;       // u8, or i8 with signed codes
  std::vector<float> steps;  // of each output (the first extent); empty: the grid's for all

  quant::Grid grid_of(size_t output) const;
};
// The codes that a weight's quant or dequantize node stands for. Throws Error, naming it.
WeightCodes weight_codes(const graph::Network& network, const graph::Node& quant);

// Its values on the grid, f32.
graph::Tensor values_of(const WeightCodes& weight);

}  // namespace pact::passes
