#include "calibration/float_run.h"

#include <algorithm>

#include "base/error.h"
#include "graph/layers.h"
#include "reference/evaluate.h"

namespace pact::calibration {

using graph::Graph;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::Tensors;
using graph::ValueId;

namespace {

// With numbers of its own, so that an engine can have it alone?
bool is_layer(const Graph& graph, const Node& node) {
  return is_real_layer(node) &&
         std::none_of(node.inputs.begin() + 1, node.inputs.end(),
                      [&](ValueId id) { return graph.producer(id); });
}

}  // namespace

engine::Engine make_layer_engine(const Network& network, const Node& layer, const Tensor& weight,
                                 const engine::EngineOptions& options) {
  const Graph& graph = network.graph;
  Network alone{Graph(graph.name()), {}};
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    const graph::Value& value = graph.value(layer.inputs[i]);
    if (i == 0) {
      inputs.push_back(alone.graph.add_input(value.name, value.type));
      continue;
    }
    inputs.push_back(alone.graph.add_parameter(value.name, value.type));
    alone.tensors[value.name] = i == 1 ? weight : network.tensors.at(value.name);
  }
  alone.graph.add_output(alone.graph.add_node(layer.op, layer.name, inputs, layer.attributes));
  return engine::Engine(alone, options);
}

FloatRun::FloatRun(const Network& network, const engine::EngineOptions& options) : network_(network) {
  const Graph& graph = network.graph;
  if (graph.inputs().size() != 1)
    fail(ErrorKind::unsupported, "{}: has {} inputs, where one is asked for", graph.name(),
         graph.inputs().size());
  for (const Node& node : graph.nodes()) {
    if (graph.value(node.output).type.dtype != graph::DataType::f32)
      fail("{}: node '{}' ({}) computes no real numbers", graph.name(), node.name, name_of(node.op));
    if (!is_layer(graph, node)) continue;
    const Tensor& weight = network.tensors.at(graph.value(node.inputs[1]).name);
    engines_.emplace(&node, make_layer_engine(network, node, weight, options));
  }
  for (const graph::Value& value : graph.values()) {
    if (value.kind != graph::ValueKind::activation && value.kind != graph::ValueKind::input) continue;
    const ValueId id = *graph.find(value.name);
    const std::vector<graph::NodeId> readers = graph.consumers(id);
    if (!readers.empty()) last_reads_[&graph.node(readers.back())].push_back(id);
  }
}

void FloatRun::run(const Tensor& images, const Observe& observe) {
  const Graph& graph = network_.graph;
  Tensors values = network_.tensors;
  values[graph.value(graph.inputs()[0]).name] = images;
  for (const Node& node : graph.nodes()) {
    const auto engine = engines_.find(&node);
    values[node.name] = engine != engines_.end()
                            ? engine->second.run(values.at(graph.value(node.inputs[0]).name))
                            : reference::evaluate_node(graph, node, values, images.shape[0]);
    observe(node, values);
    if (const auto read = last_reads_.find(&node); read != last_reads_.end())
      for (const ValueId id : read->second) values.erase(graph.value(id).name);
  }
}

}  // namespace pact::calibration
