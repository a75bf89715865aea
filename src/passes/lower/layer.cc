// What makes a layer integer, the bound of its accumulator, and the folding of batch norm:
//   z = accumulator * multiplier + bias = batch_norm(sum of weight * x + layer bias)
// Everything is formed in double and rounded to float32 once.
#include "passes/lower/layer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/grids.h"
#include "graph/layers.h"

namespace pact::passes {
namespace {

using graph::Graph;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::ValueId;

// Are the weights codes without a zero point, and the bias, if any, a number?
bool has_integer_weight(const Network& network, const Node& layer) {
  const Node* weight = weight_quant(network, layer.inputs[1]);
  return weight && weight->integer("zero") == 0 &&
         (layer.inputs.size() < 3 || constant_of(network, layer.inputs[2]));
}

std::optional<CodedInput> coded_input(const Network& network, const PixelInputs& pixels, ValueId value) {
  if (const auto found = pixels.find(value); found != pixels.end()) return found->second;
  const Node* quant = activation_quant(network, value);
  if (!quant) return std::nullopt;
  const quant::Grid grid = activation_grid(network, *quant);
  if (grid.kind == quant::GridKind::odd) return std::nullopt;  // without a zero for the padding
  CodedInput coded{value, static_cast<double>(grid.unit()), grid.max_code(), {}};
  if (grid.zero != 0)
    coded.zero.assign(static_cast<size_t>(network.graph.value(value).type.shape[1]), grid.zero);
  return coded;
}

// The batch norm or rescale that can be folded into the layer: it alone reads the layer, and its numbers are
// constants.
const Node* foldable_norm(const Network& network, const Node& layer) {
  const std::vector<graph::NodeId> readers = network.graph.consumers(layer.output);
  if (readers.size() != 1 || std::ranges::count(network.graph.outputs(), layer.output) > 0) return nullptr;
  const Node& reader = network.graph.node(readers[0]);
  const bool folds =
      (reader.op == Op::batch_norm || reader.op == Op::rescale) && is_constant_norm(network, reader);
  return folds ? &reader : nullptr;
}

//   sum over the filter of |multiplicand(weight)| * max|code - zero[c]|  <=  2^31 - 1
void require_int32(const IntegerLayer& integer) {
  const graph::Shape& shape = integer.weight.codes.shape;  // [O, I / groups, ...]
  const int64_t filters = shape[0], channels = shape[1];
  const int64_t taps = graph::element_count(shape) / (filters * channels);
  const int64_t groups = integer.layer->op == Op::conv2d ? integer.layer->integer("groups") : 1;
  const auto largest_input = [&](int64_t channel) {
    const auto& [source, unit, largest, zero] = integer.input;
    if (zero.empty() || integer.layer->op == Op::linear) return largest;
    const int64_t z = zero[static_cast<size_t>(channel)];
    return std::max(z, largest - z);
  };
  size_t at = 0;
  for (int64_t o = 0; o < filters; ++o) {
    const int64_t first = o / (filters / groups) * channels;
    int64_t sum = 0;
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t t = 0; t < taps; ++t)
        sum += std::abs(integer.weight.grid.multiplicand(code_at(integer.weight.codes, at++))) *
               largest_input(first + c);
    if (sum > std::numeric_limits<int32_t>::max())
      fail(ErrorKind::unsupported,
           "layer '{}': the accumulator of its output {} could reach {}, beyond 2^31 - 1; use fewer bits "
           "there",
           integer.layer->name, o, sum);
  }
}

void require_finite(float multiplier, float bias, const std::string& what) {
  if (!std::isfinite(multiplier) || !std::isfinite(bias))
    fail("the multiplier {} or the bias {} of {}", multiplier, bias, what);
}

RescaleNumbers numbers_for(int64_t channels) {
  return {Tensor::zeros(graph::DataType::f32, {channels}), Tensor::zeros(graph::DataType::f32, {channels})};
}

// With the factor and the term of what is folded, or 1 and 0:
//   multiplier = unit_w * unit_x * factor
//   bias       = term + bias_layer * factor
// Linear layers have no zero code in their accumulators; there
//   bias      -= unit_w * unit_x * factor * zero * (sum of the multiplicands)
void set_rescale(const Network& network, IntegerLayer& integer) {
  const Node& layer = *integer.layer;
  const int64_t channels = integer.weight.codes.shape[0];
  integer.rescale = numbers_for(channels);
  const size_t filter = integer.weight.codes.bytes.size() / static_cast<size_t>(channels);
  for (size_t o = 0; o < static_cast<size_t>(channels); ++o) {
    const double own = layer.inputs.size() > 2
                           ? static_cast<double>(constant_of(network, layer.inputs[2])->as<float>()[o])
                           : 0.0;
    const Affine affine = integer.norm ? affine_of(network, *integer.norm, o) : Affine{};
    const double units = static_cast<double>(integer.weight.grid_of(o).unit()) * integer.input.unit;
    double shift = 0.0;
    if (layer.op == Op::linear && !integer.input.zero.empty()) {
      for (size_t i = o * filter; i < (o + 1) * filter; ++i)
        shift += integer.weight.grid.multiplicand(code_at(integer.weight.codes, i));
      shift *= units * affine.factor * static_cast<double>(integer.input.zero.front());
    }
    const float multiplier = static_cast<float>(units * affine.factor);
    const float bias = static_cast<float>(affine.term + own * affine.factor - shift);
    require_finite(
        multiplier, bias,
        fmt::format("output {} of layer '{}' is not finite{}", o, layer.name,
                    integer.norm ? "; look at the statistics of '" + integer.norm->name + "'" : ""));
    integer.rescale.multiplier.as<float>()[o] = multiplier;
    integer.rescale.bias.as<float>()[o] = bias;
  }
}

bool are_pixel_values(const std::vector<double>& reals) {
  return std::ranges::all_of(
      reals, [](double real) { return real >= 0 && real <= 255 && real == std::floor(real); });
}

bool are_equal(const std::vector<double>& reals) {
  return std::ranges::all_of(reals, [&](double real) { return real == reals.front(); });
}

// Does every reader of `value` turn into a convolution on integers?
bool feeds_integer_convolutions(const Network& network, ValueId value) {
  if (std::ranges::count(network.graph.outputs(), value) > 0) return false;
  return std::ranges::all_of(network.graph.consumers(value), [&](graph::NodeId id) {
    const Node& node = network.graph.node(id);
    return node.op == Op::conv2d && node.inputs[0] == value && has_integer_weight(network, node);
  });
}

}  // namespace

bool is_constant_norm(const Network& network, const Node& node) {
  return std::all_of(node.inputs.begin() + 1, node.inputs.end(),
                     [&](ValueId input) { return constant_of(network, input) != nullptr; });
}

Affine affine_of(const Network& network, const Node& norm, size_t o) {
  const auto number = [&](size_t input) {
    return static_cast<double>(constant_of(network, norm.inputs[input])->as<float>()[o]);
  };
  if (norm.op == Op::rescale) return {number(1), number(2)};
  const double factor = number(1) / std::sqrt(number(4) + norm.real("epsilon"));
  return {factor, number(2) - number(3) * factor};
}

RescaleNumbers rescale_numbers(const Network& network, const Node& norm) {
  const int64_t channels = network.graph.value(norm.output).type.shape[1];
  RescaleNumbers numbers = numbers_for(channels);
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    const Affine affine = affine_of(network, norm, c);
    const float multiplier = static_cast<float>(affine.factor), bias = static_cast<float>(affine.term);
    require_finite(multiplier, bias,
                   fmt::format("channel {} of '{}' is not finite; look at its statistics", c, norm.name));
    numbers.multiplier.as<float>()[c] = multiplier;
    numbers.bias.as<float>()[c] = bias;
  }
  return numbers;
}

PixelInputs find_pixels(const Network& network) {
  const Graph& graph = network.graph;
  PixelInputs pixels;
  for (const ValueId image : graph.inputs()) {
    const std::vector<graph::NodeId> readers = graph.consumers(image);
    if (readers.size() != 1 || std::ranges::count(graph.outputs(), image) > 0) continue;
    const Node& normalize = graph.node(readers[0]);
    if (normalize.op != Op::normalize || !are_pixel_values(normalize.reals("mean")) ||
        !are_equal(normalize.reals("std")) || !feeds_integer_convolutions(network, normalize.output))
      continue;
    const std::vector<double>& mean = normalize.reals("mean");
    pixels[normalize.output] = {image, 1.0 / normalize.reals("std").front(), 255, {mean.begin(), mean.end()}};
  }
  return pixels;
}

std::optional<IntegerLayer> integer_layer(const Network& network, const PixelInputs& pixels,
                                          const Node& node) {
  if (!is_real_layer(node) || !has_integer_weight(network, node)) return std::nullopt;
  std::optional<CodedInput> input = coded_input(network, pixels, node.inputs[0]);
  if (!input) return std::nullopt;
  IntegerLayer integer{.layer = &node,
                       .norm = foldable_norm(network, node),
                       .input = std::move(*input),
                       .weight = weight_codes(network, *weight_quant(network, node.inputs[1])),
                       .rescale = {}};
  require_int32(integer);
  set_rescale(network, integer);
  return integer;
}

}  // namespace pact::passes
