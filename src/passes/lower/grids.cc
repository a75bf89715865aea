// Which nodes quantize what, and the grids that alpha and the statistics of weights make:
//   step = alpha / (2^k - 1) unsigned, alpha / (2^(k-1) - 1) symmetric
#include "passes/lower/grids.h"

#include "base/error.h"
#include "graph/grids.h"
#include "passes/insert_quantizers.h"
#include "quant/clip.h"
#include "quant/weights.h"

namespace pact::passes {
namespace {

using graph::DataType;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::ValueId;

const Node* producer_with(const Network& network, ValueId value, Op op) {
  const Node* node = network.graph.producer(value);
  return node && node->op == op ? node : nullptr;
}

bool reads_parameter(const Network& network, const Node& node) {
  return network.graph.value(node.inputs[0]).kind == graph::ValueKind::parameter;
}

// Runs `action`; an Error gets the node's name in front.
template <typename Action>
auto naming(const Node& node, Action action) {
  try {
    return action();
  } catch (const Error& error) {
    fail(error.kind(), "node '{}' ({}): {}", node.name, name_of(node.op), error.what());
  }
}

float alpha_of(const Network& network, const Node& quant) {
  if (alpha_parameter_of(quant.word("scheme")) == AlphaParameter::none) return 1.0f;
  if (quant.inputs.size() < 2) fail("the scheme '{}' needs an alpha", quant.word("scheme"));
  const Tensor* alpha = constant_of(network, quant.inputs[1]);
  if (!alpha) fail(ErrorKind::unsupported, "its alpha is computed; only a parameter can be lowered");
  return alpha->as<float>()[0];
}

quant::Grid grid_at(float alpha, quant::GridKind kind, int bits) {
  switch (kind) {
    case quant::GridKind::unsigned_:
      return quant::clip_grid(alpha, bits);
    case quant::GridKind::symmetric: {
      quant::Grid grid{kind, bits, 1.0f};
      quant::require_valid(grid);
      grid.step = alpha / static_cast<float>(grid.max_code());
      return grid;
    }
    case quant::GridKind::odd:
      break;
  }
  fail(ErrorKind::unsupported, "activations cannot be on an odd grid: it has no zero for padding");
}

template <typename Code>
Tensor tensor_of(DataType type, const graph::Shape& shape, const std::vector<int16_t>& codes) {
  Tensor tensor = Tensor::zeros(type, shape);
  const auto out = tensor.as<Code>();
  for (size_t i = 0; i < codes.size(); ++i) out[i] = static_cast<Code>(codes[i]);
  return tensor;
}

}  // namespace

const Tensor* constant_of(const Network& network, ValueId value) {
  const graph::ValueKind kind = network.graph.value(value).kind;
  if (kind != graph::ValueKind::parameter && kind != graph::ValueKind::buffer) return nullptr;
  return &network.tensors.at(network.graph.value(value).name);
}

const Node* weight_quant(const Network& network, ValueId value) {
  for (const Op op : {Op::quant, Op::dequantize}) {
    const Node* node = producer_with(network, value, op);
    if (node && reads_parameter(network, *node)) return node;
  }
  return nullptr;
}

const Node* activation_quant(const Network& network, ValueId value) {
  const Node* node = producer_with(network, value, Op::quant);
  return node && !reads_parameter(network, *node) ? node : nullptr;
}

quant::Grid activation_grid(const Network& network, const Node& quant) {
  return naming(quant, [&] {
    const float alpha = alpha_of(network, quant);
    if (!(alpha > 0.0f)) fail("its alpha is {}, it must be positive; has training diverged?", alpha);
    const quant::Grid grid =
        grid_at(alpha, quant::grid_kind_of(quant.word("grid")), static_cast<int>(quant.integer("bits")));
    quant::require_valid(grid);
    return grid;
  });
}

WeightCodes weight_codes(const Network& network, const Node& quant) {
  return naming(quant, [&]() -> WeightCodes {
    const Tensor& weight = *constant_of(network, quant.inputs[0]);
    if (quant.op == Op::dequantize)
      return {graph::grid_of(quant), weight};
    const quant::WeightScheme scheme = quant::weight_scheme_of(quant.word("scheme"));
    if (quant.word("grid") != name_of(quant::grid_kind_of(scheme)))
      fail("grid={}, but the scheme '{}' makes {} grids", quant.word("grid"), quant.word("scheme"),
           name_of(quant::grid_kind_of(scheme)));
    const std::span<const float> reals = weight.as<float>();
    const quant::WeightGrid chosen =
        quant::choose_weight_grid(scheme, static_cast<int>(quant.integer("bits")), reals);
    std::vector<int16_t> codes(reals.size());
    quant::quantize_weights(chosen, reals, codes);
    if (chosen.grid.kind == quant::GridKind::symmetric)
      return {chosen.grid, tensor_of<int8_t>(DataType::i8, weight.shape, codes)};
    return {chosen.grid, tensor_of<uint8_t>(DataType::u8, weight.shape, codes)};
  });
}

Tensor values_of(const WeightCodes& weight) {
  Tensor tensor = Tensor::zeros(DataType::f32, weight.codes.shape);
  const std::span<float> out = tensor.as<float>();
  for (size_t i = 0; i < out.size(); ++i) out[i] = weight.grid.value_of(code_at(weight.codes, i));
  return tensor;
}

}  // namespace pact::passes
