#include "passes/insert_quantizers.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/strings.h"
#include "base/words.h"
#include "graph/grids.h"
#include "graph/layers.h"
#include "passes/non_negative.h"
#include "quant/activations.h"
#include "quant/grid.h"
#include "quant/weights.h"

namespace pact::passes {
namespace {

using graph::Graph;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::ValueId;

void require_bits(int bits, const std::string& what) {
  if (bits == quant::kFloatBits || (bits >= quant::kMinBits && bits <= quant::kMaxBits)) return;
  fail("{} must have 1 to 8 bits, or 32 to stay float, not {}", what, bits);
}

void require_scheme(const BitPolicy& policy) {
  const quant::WeightSchemeEntry& scheme = entry_of(quant::weight_scheme_of(policy.weight_scheme));
  if (policy.weights != quant::kFloatBits && !scheme.has(policy.weights))
    fail("the weight quantizer '{}' has {}{}, not {}", scheme.name,
         scheme.least_bits == scheme.most_bits ? "" : fmt::format("{} to ", scheme.least_bits),
         counted(scheme.most_bits, "bit"), policy.weights);
  quant::activation_scheme_of(policy.activation_scheme);
}

struct LayerBits {
  int weights;
  int activations;
};

std::map<std::string, LayerBits> bits_of_layers(const Graph& graph, const BitPolicy& policy) {
  const std::vector<const Node*> layers = weighted_layers(graph);
  std::map<std::string, LayerBits> bits;
  const bool quantizes = policy.weights != quant::kFloatBits || policy.activations != quant::kFloatBits;
  for (const Node* layer : layers) bits[layer->name] = {policy.weights, policy.activations};
  if (quantizes && !layers.empty()) {
    bits[layers.front()->name].weights = policy.first_layer;
    bits[layers.back()->name] = {policy.last_layer, policy.last_layer};
  }
  for (const BitOverride& change : policy.overrides) {
    int matched = 0;
    for (auto& [name, layer] : bits) {
      if (!matches_glob(change.pattern, name)) continue;
      ++matched;
      if (change.weights >= 0) layer.weights = change.weights;
      if (change.activations >= 0) layer.activations = change.activations;
    }
    if (matched == 0) {
      std::vector<std::string> names;
      for (const Node* layer : layers) names.push_back(layer->name);
      fail("the bit override '{}' matches no layer of {}; its layers are: {}", change.pattern, graph.name(),
           join(names));
    }
  }
  return bits;
}

// Copies a network node by node, putting quantizers before the layers.
class Inserter {
 public:
  Inserter(const Network& from, const BitPolicy& policy)
      : from_(from.graph), policy_(policy), bits_(bits_of_layers(from.graph, policy)) {
    to_.graph.set_name(from_.name());
    to_.tensors = from.tensors;
  }

  Network run() {
    for (ValueId id = 0; id < static_cast<ValueId>(from_.values().size()); ++id) {
      const graph::Value& value = from_.value(id);
      if (value.kind != graph::ValueKind::activation)
        copied_[id] = to_.graph.add_source(value.kind, value.name, value.type);
    }
    for (const Node& node : from_.nodes()) copy(node);
    for (const ValueId output : from_.outputs()) to_.graph.add_output(copied_.at(output));
    return std::move(to_);
  }

 private:
  void copy(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(copied_.at(input));
    if (const auto layer = bits_.find(node.name); layer != bits_.end()) {
      inputs[0] = quantized_activation(node, inputs[0], layer->second.activations);
      inputs[1] = quantized_weight(node, inputs[1], layer->second.weights);
    }
    if (node.op == Op::clip && becomes_relu(node)) {
      copied_[node.output] = to_.graph.add_node(Op::relu, node.name, std::move(inputs));
      return;
    }
    copied_[node.output] = to_.graph.add_node(node.op, node.name, std::move(inputs), node.attributes);
  }

  // The upper end of a ReLU6 that quantizers alone read is the learned clip level's business.
  bool becomes_relu(const Node& clip) const {
    const bool is_output = std::ranges::count(from_.outputs(), clip.output) > 0;
    return clip.real("low") == 0.0 && !is_output &&
           std::ranges::all_of(from_.consumers(clip.output), [&](graph::NodeId id) {
             const Node& reader = from_.node(id);
             const auto layer = bits_.find(reader.name);
             return layer != bits_.end() && layer->second.activations != quant::kFloatBits &&
                    reader.inputs[0] == clip.output;
           });
  }

  ValueId quantized_activation(const Node& layer, ValueId value, int bits) {
    const Node* producer = to_.graph.producer(value);
    const bool is_pixels = producer && producer->op == Op::normalize;
    const bool is_quantized = producer && producer->op == Op::quant;
    if (bits == quant::kFloatBits || is_pixels || is_quantized) return value;
    const auto key = std::pair(value, bits);
    if (const auto shared = shared_.find(key); shared != shared_.end()) return shared->second;
    const quant::ActivationSchemeEntry& scheme = quant::activation_scheme_of(policy_.activation_scheme);
    const bool has_sign = !is_non_negative(from_, layer.inputs[0]);
    const quant::Grid grid{has_sign ? scheme.signed_grid : quant::GridKind::unsigned_, bits, 1.0f};
    if (has_sign && bits < 2)
      fail(ErrorKind::unsupported,
           "the input of {} has values of both signs, for which a grid needs 2 bits at least; give it more, "
           "for example with the override '{}=a2'",
           layer.name, layer.name);
    const double alpha = policy_.alpha;
    const double start = scheme.learned == quant::Learned::step ? alpha / grid.max_code() : alpha;
    return shared_[key] = add_quant(layer.name + ".input_quant", value, policy_.activation_scheme, grid,
                                    {scheme.learned, policy_.activation_granularity, 1, start});
  }

  // What a quantizer learns: one number, or one for each extent along `axis` of what it quantizes.
  struct Parameter {
    quant::Learned learned;
    quant::Granularity granularity;
    size_t axis;
    double start;
  };

  ValueId add_quant(const std::string& name, ValueId value, std::string_view scheme, const quant::Grid& grid,
                    const Parameter& parameter) {
    std::vector<ValueId> inputs{value};
    const bool is_channel = parameter.granularity == quant::Granularity::channel;
    if (parameter.learned != quant::Learned::nothing) {
      graph::Shape shape;
      if (is_channel) shape.push_back(to_.graph.value(value).type.shape[parameter.axis]);
      const std::string own = fmt::format("{}.{}", name, name_of(parameter.learned));
      const std::vector<float> start(is_channel ? static_cast<size_t>(shape[0]) : 1,
                                     static_cast<float>(parameter.start));
      inputs.push_back(to_.graph.add_parameter(own, {graph::DataType::f32, shape}));
      to_.tensors[own] = graph::Tensor::of(shape, start);
    }
    return to_.graph.add_node(Op::quant, name, std::move(inputs),
                              {{"scheme", std::string(scheme)},
                               {"bits", int64_t{grid.bits}},
                               {"grid", std::string(name_of(grid.kind))},
                               {"granularity", std::string(name_of(parameter.granularity))}});
  }

  ValueId quantized_weight(const Node& layer, ValueId weight, int bits) {
    if (bits == quant::kFloatBits || to_.graph.producer(weight)) return weight;
    const quant::WeightSchemeEntry* scheme = &entry_of(quant::weight_scheme_of(policy_.weight_scheme));
    if (!scheme->has(bits)) scheme = &entry_of(scheme->otherwise);
    return add_quant(layer.name + ".weight_quant", weight, scheme->name, {scheme->grid, bits, 1.0f},
                     {scheme->learned, policy_.weight_granularity, 0, 1.0});
  }

  const Graph& from_;
  const BitPolicy& policy_;
  std::map<std::string, LayerBits> bits_;
  Network to_;
  std::map<ValueId, ValueId> copied_;
  std::map<std::pair<ValueId, int>, ValueId> shared_;
};

}  // namespace

BitOverride parse_bit_override(const std::string& text) {
  const auto refuse = [&] {
    fail("bit override '{}': expected PATTERN=w4a8, PATTERN=w4 or PATTERN=a32, bits 1 to 8 or 32", text);
  };
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) refuse();
  BitOverride result{text.substr(0, equals)};
  for (size_t at = equals + 1; at < text.size();) {
    const char which = text[at];
    const size_t end = std::min(text.find_first_of("wa", at + 1), text.size());
    const auto bits = parse_integer(std::string_view(text).substr(at + 1, end - at - 1));
    int& target = which == 'w' ? result.weights : result.activations;
    if ((which != 'w' && which != 'a') || !bits || target >= 0) refuse();
    if (*bits != quant::kFloatBits && (*bits < quant::kMinBits || *bits > quant::kMaxBits)) refuse();
    target = static_cast<int>(*bits);
    at = end;
  }
  return result;
}

std::vector<const Node*> weighted_layers(const Graph& graph) {
  std::vector<const Node*> layers;
  for (const Node& node : graph.nodes())
    if (is_real_layer(node)) layers.push_back(&node);
  return layers;
}

Network insert_quantizers(const Network& network, const BitPolicy& policy) {
  require_bits(policy.weights, "weights");
  require_bits(policy.activations, "activations");
  require_bits(policy.first_layer, "the first layer");
  require_bits(policy.last_layer, "the last layer");
  require_scheme(policy);
  if (!(policy.alpha > 0)) fail("the initial alpha must be positive, not {}", policy.alpha);
  Network quantized = Inserter(network, policy).run();
  start_weight_steps(quantized);
  return policy.shortcuts == Shortcuts::codes ? with_coded_shortcuts(quantized) : quantized;
}

void start_weight_steps(Network& network) {
  const Graph& graph = network.graph;
  for (const Node& node : graph.nodes()) {
    if (node.op != Op::quant || node.inputs.size() < 2) continue;
    const auto weight = network.tensors.find(graph.value(node.inputs[0]).name);
    if (graph.value(node.inputs[0]).kind != graph::ValueKind::parameter || weight == network.tensors.end())
      continue;
    const quant::Grid grid = graph::form_of(node);
    const std::span<const float> weights = weight->second.as<float>();
    const std::span<float> steps = network.tensors.at(graph.value(node.inputs[1]).name).as<float>();
    const size_t each = weights.size() / steps.size();
    for (size_t c = 0; c < steps.size(); ++c)
      steps[c] = quant::starting_step(grid, weights.subspan(c * each, each));
  }
}

}  // namespace pact::passes
