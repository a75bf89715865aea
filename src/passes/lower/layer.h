// One quantized layer as integers: what it reads, its weight codes, and the numbers of the rescale behind it.
#pragma once

#include <map>
#include <optional>

#include "graph/graph.h"
#include "passes/lower/grids.h"

namespace pact::passes {

// What an integer layer reads: real value = (code - zero[c]) * unit.
struct CodedInput {
  graph::ValueId source = -1;  // in the trained graph: a quant node's value, or the image
  double unit = 1.0;
  int64_t largest_code = 0;   // of the magnitudes; codes lie in [0 or -largest_code, largest_code]
  std::vector<int64_t> zero;  // of each channel; empty: 0
};

// The images that become u8 pixels, by the value of their normalize.
//   (pixel - mean[c]) / std:  zero = mean, unit = 1 / std
using PixelInputs = std::map<graph::ValueId, CodedInput>;
PixelInputs find_pixels(const graph::Network& network);

struct IntegerLayer {
  const graph::Node* layer = nullptr;
  const graph::Node* norm = nullptr;  // the batch norm or rescale that is folded, if any
  CodedInput input;
  WeightCodes weight;
  graph::Tensor multiplier, bias;  // of the rescale
};

// `node` as an integer layer, or nothing where it is no layer or has a float side. Throws Error, naming the
// layer, when its accumulator could leave int32 or a number of its rescale is not finite.
std::optional<IntegerLayer> integer_layer(const graph::Network& network, const PixelInputs& pixels,
                                          const graph::Node& node);

}  // namespace pact::passes
