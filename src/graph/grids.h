// From the attributes of a node to the grid of its codes, and codes as plain integers. What reads an integer
// graph asks here, so that the names of the attributes stand in one place beside the rules (ops/).
#pragma once

#include "graph/graph.h"
#include "quant/grid.h"
#include "quant/requantize.h"

namespace pact::graph {

// Of a quantize or dequantize node: grid, bits, step and zero. Of weights that have a step for each output, the
// second input of their dequantize, the step is not to be used.
quant::Grid grid_of(const Node& node);

// Of a quant node: grid, bits and zero. The step is left at 1; it is the scheme's business.
quant::Grid form_of(const Node& quant);

// Of the weight codes of an integer layer: weight_grid and weight_bits. The step is left at 1; it is part of the
// layer's rescale.
quant::Grid weight_grid_of(const Node& node);

// Of the codes that a fixed_requantize yields: grid and bits. The step is left at 1; it is part of the numbers.
quant::Grid code_grid_of(const Node& node);

// The codes that a u8 or i8 value may hold: those of its grid where a quantize or fixed_requantize made it, perhaps with
// slices, pads, max_pools and flattens behind, otherwise all of its type.
struct CodeRange {
  int least, largest;
};
CodeRange code_range(const Graph& graph, ValueId codes);

// The numbers of channel c of a fixed_requantize or fixed_rescale, whose constants are m, b and shift. Throws Error
// when they are beyond quant::kNetworkLimits.
struct FixedNumbers {
  const Tensor &multiplier, &bias, &shift;
  quant::FixedPoint at(size_t channel) const;
};

// Element i of a tensor of codes, u8 or i8.
int code_at(const Tensor& codes, size_t i);

}  // namespace pact::graph
