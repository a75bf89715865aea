// Which nodes quantize what, and which grids they have; the arithmetic is that of `quant`.
#include "passes/lower/grids.h"

#include "base/error.h"
#include "graph/grids.h"
#include "quant/activations.h"
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

bool is_per_channel(const Node& quant) {
  return quant::granularity_of(quant.word("granularity")) == quant::Granularity::channel;
}

// What `quant` learns: alpha or steps.
std::span<const float> learned_of(const Network& network, const Node& quant, quant::Learned learned) {
  if (learned == quant::Learned::nothing) return {};
  if (quant.inputs.size() < 2) fail("the scheme '{}' needs its {}", quant.word("scheme"), name_of(learned));
  const Tensor* number = constant_of(network, quant.inputs[1]);
  if (!number)
    fail(ErrorKind::unsupported, "its {} is computed; only a parameter can be lowered", name_of(learned));
  return number->as<float>();
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
    const quant::ActivationSchemeEntry& scheme = quant::activation_scheme_of(quant.word("scheme"));
    if (is_per_channel(quant) && scheme.learned != quant::Learned::nothing)
      fail(ErrorKind::unsupported,
           "it has {} of its own for each channel. Sums over channels of different steps are no integers, so "
           "it "
           "can be trained and evaluated, but neither lowered nor exported; train with "
           "--activation-granularity tensor",
           scheme.learned == quant::Learned::step ? "a step" : "an alpha");
    const std::span<const float> learned = learned_of(network, quant, scheme.learned);
    return activation_grid(scheme.scheme, graph::form_of(quant), learned.empty() ? 1.0f : learned[0]);
  });
}

WeightCodes weight_codes(const Network& network, const Node& quant) {
  return naming(quant, [&]() -> WeightCodes {
    const Tensor& weight = *constant_of(network, quant.inputs[0]);
    if (quant.op == Op::dequantize) {
      WeightCodes codes{graph::grid_of(quant), weight, {}};
      if (quant.inputs.size() > 1) {
        const Tensor* steps = constant_of(network, quant.inputs[1]);
        if (!steps) fail(ErrorKind::unsupported, "its steps are computed; only a parameter can be lowered");
        codes.steps.assign(steps->as<float>().begin(), steps->as<float>().end());
        for (size_t o = 0; o < codes.steps.size(); ++o) require_valid(codes.grid_of(o));
      }
      for (size_t i = 0; i < weight.bytes.size(); ++i)
        if (const int code = code_at(weight, i); code < codes.grid.min_code() || code > codes.grid.max_code())
          fail("it has the code {}, which is not of its grid", code);
      return codes;
    }
    const quant::WeightScheme scheme = quant::weight_scheme_of(quant.word("scheme"));
    if (quant.word("grid") != name_of(quant::grid_kind_of(scheme)))
      fail("grid={}, but the scheme '{}' makes {} grids", quant.word("grid"), quant.word("scheme"),
           name_of(quant::grid_kind_of(scheme)));
    const std::span<const float> reals = weight.as<float>();
    const size_t channels = is_per_channel(quant) ? static_cast<size_t>(weight.shape[0]) : 1;
    const std::vector<quant::WeightGrid> grids =
        quant::choose_weight_grids(scheme, static_cast<int>(quant.integer("bits")), reals, channels,
                                   learned_of(network, quant, entry_of(scheme).learned));
    std::vector<int16_t> codes(reals.size());
    quant::quantize_weights(grids, reals, codes);
    WeightCodes result{grids[0].grid,
                       has_signed_codes(grids[0].grid.kind)
                           ? tensor_of<int8_t>(DataType::i8, weight.shape, codes)
                           : tensor_of<uint8_t>(DataType::u8, weight.shape, codes),
                       {}};
    if (is_per_channel(quant))
      for (const quant::WeightGrid& grid : grids) result.steps.push_back(grid.grid.step);
    return result;
  });
}

Tensor values_of(const WeightCodes& weight) {
  Tensor tensor = Tensor::zeros(DataType::f32, weight.codes.shape);
  const std::span<float> out = tensor.as<float>();
  const size_t filter =
      out.size() / static_cast<size_t>(weight.codes.shape.empty() ? 1 : weight.codes.shape[0]);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = weight.grid_of(i / filter).value_of(code_at(weight.codes, i));
  return tensor;
}

quant::Grid WeightCodes::grid_of(size_t output) const {
  quant::Grid own = grid;
  if (!steps.empty()) own.step = steps[output];
  return own;
}

}  // namespace pact::passes
