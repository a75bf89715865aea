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

// A batch norm or rescale in double: y = x * factor + term, for output o.
//   batch_norm   factor = gamma / sqrt(variance + epsilon), term = beta - mean * factor
struct Affine {
  double factor = 1.0, term = 0.0;
};
Affine affine_of(const graph::Network& network, const graph::Node& norm, size_t o);
// Are the numbers of `node`, a batch norm or rescale, constants?
bool is_constant_norm(const graph::Network& network, const graph::Node& node);

// What a rescale needs.
struct RescaleNumbers {
  graph::Tensor multiplier, bias;
};
// Those of a batch norm that no layer takes in. Throws Error, naming it, when one is not finite.
RescaleNumbers rescale_numbers(const graph::Network& network, const graph::Node& norm);

struct IntegerLayer {
  const graph::Node* layer = nullptr;
  const graph::Node* norm = nullptr;  // the batch norm or rescale that is folded, if any
  CodedInput input;
  WeightCodes weight;
  RescaleNumbers rescale;
};

// `node` as an integer layer, or nothing where it is no layer or has a float side. Throws Error, naming the
// layer, when its accumulator could leave int32 or a number of its rescale is not finite.
std::optional<IntegerLayer> integer_layer(const graph::Network& network, const PixelInputs& pixels,
                                          const graph::Node& node);

}  // namespace pact::passes
