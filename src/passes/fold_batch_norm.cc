#include "passes/fold_batch_norm.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "graph/layers.h"
#include "passes/lower/remove_unused.h"

namespace pact::passes {
namespace {

using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::ValueId;

bool is_constant(const graph::Graph& graph, ValueId value) {
  const graph::ValueKind kind = graph.value(value).kind;
  return kind == graph::ValueKind::parameter || kind == graph::ValueKind::buffer;
}

// The layer that `norm` can move into, or nullptr.
const Node* layer_before(const graph::Graph& graph, const Node& norm) {
  const Node* layer = graph.producer(norm.inputs[0]);
  if (!layer || !is_real_layer(*layer)) return nullptr;
  const bool is_alone =
      graph.consumers(layer->output).size() == 1 && std::ranges::count(graph.outputs(), layer->output) == 0;
  const bool has_own_numbers = std::all_of(layer->inputs.begin() + 1, layer->inputs.end(), [&](ValueId id) {
    return is_constant(graph, id) && graph.consumers(id).size() == 1;
  });
  const bool has_constants = std::all_of(norm.inputs.begin() + 1, norm.inputs.end(),
                                         [&](ValueId id) { return is_constant(graph, id); });
  return is_alone && has_own_numbers && has_constants ? layer : nullptr;
}

struct Folded {
  Tensor weight, bias;
};

Folded fold(const Network& network, const Node& layer, const Node& norm) {
  const auto numbers = [&](const Node& node, size_t input) {
    return network.tensors.at(network.graph.value(node.inputs[input]).name).as<float>();
  };
  Folded folded{network.tensors.at(network.graph.value(layer.inputs[1]).name), {}};
  const std::span<float> weight = folded.weight.as<float>();
  const size_t outputs = static_cast<size_t>(folded.weight.shape[0]), filter = weight.size() / outputs;
  folded.bias = Tensor::zeros(graph::DataType::f32, {folded.weight.shape[0]});
  for (size_t o = 0; o < outputs; ++o) {
    const auto number = [&](size_t input) { return static_cast<double>(numbers(norm, input)[o]); };
    const double g = number(1) / std::sqrt(number(4) + norm.real("epsilon"));
    const double own = layer.inputs.size() > 2 ? static_cast<double>(numbers(layer, 2)[o]) : 0.0;
    for (size_t i = o * filter; i < (o + 1) * filter; ++i)
      weight[i] = static_cast<float>(static_cast<double>(weight[i]) * g);
    folded.bias.as<float>()[o] = static_cast<float>(number(2) + (own - number(3)) * g);
  }
  return folded;
}

}  // namespace

Network fold_batch_norm(const Network& network) {
  const graph::Graph& from = network.graph;
  std::map<const Node*, const Node*> norms;  // by layer
  for (const Node& node : from.nodes())
    if (node.op == Op::batch_norm)
      if (const Node* layer = layer_before(from, node)) norms[layer] = &node;

  Network to{graph::Graph(from.name()), network.tensors};
  std::map<ValueId, ValueId> copied;
  for (ValueId id = 0; id < static_cast<ValueId>(from.values().size()); ++id) {
    const graph::Value& value = from.value(id);
    if (!from.producer(id)) copied[id] = to.graph.add_source(value.kind, value.name, value.type);
  }
  for (const Node& node : from.nodes()) {
    if (copied.contains(node.output)) continue;  // a batch norm that was folded
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(copied.at(input));
    const auto norm = norms.find(&node);
    if (norm == norms.end()) {
      copied[node.output] = to.graph.add_node(node.op, node.name, std::move(inputs), node.attributes);
      continue;
    }
    Folded folded = fold(network, node, *norm->second);
    const std::string bias = node.name + ".folded_bias";
    if (inputs.size() < 3)
      inputs.push_back(to.graph.add_parameter(bias, {folded.bias.type, folded.bias.shape}));
    to.tensors[to.graph.value(inputs[1]).name] = std::move(folded.weight);
    to.tensors[to.graph.value(inputs[2]).name] = std::move(folded.bias);
    copied[norm->second->output] = to.graph.add_node(node.op, node.name, std::move(inputs), node.attributes);
  }
  for (const ValueId output : from.outputs()) to.graph.add_output(copied.at(output));
  return remove_unused(std::move(to));
}

}  // namespace pact::passes
