#include "passes/integer_pixels.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "passes/lower/grids.h"

namespace pact::passes {
namespace {

using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::ValueId;

// The normalize whose pixels can become integers, or nullptr.
const Node* find_normalize(const Network& network) {
  const graph::Graph& graph = network.graph;
  for (const Node& node : graph.nodes()) {
    if (node.op != Op::normalize || graph.value(node.inputs[0]).kind != graph::ValueKind::input) continue;
    const std::vector<double>&mean = node.reals("mean"), &std = node.reals("std");
    const bool is_integer = std::ranges::all_of(mean, [](double m) { return m == std::floor(m); }) &&
                            std::ranges::all_of(std, [&](double s) { return s == std[0]; });
    const bool is_in_range = std::ranges::all_of(mean, [](double m) { return m >= 0 && m <= 255; });
    const bool feeds_layers = std::ranges::all_of(graph.consumers(node.output), [&](graph::NodeId id) {
      const Node& layer = graph.node(id);
      return layer.op == Op::conv2d && layer.inputs[0] == node.output &&
             graph.value(layer.inputs[1]).kind == graph::ValueKind::parameter &&
             graph.consumers(layer.inputs[1]).size() == 1 &&
             (layer.inputs.size() < 3 || graph.consumers(layer.inputs[2]).size() == 1);
    });
    const bool is_output = std::ranges::count(graph.outputs(), node.output) > 0;
    return !is_integer && is_in_range && feeds_layers && !is_output ? &node : nullptr;
  }
  return nullptr;
}

struct Change {
  std::vector<double> mean, std;       // the new ones
  std::vector<double> factors, terms;  // of each channel
};

Change change_of(const Node& normalize) {
  const std::vector<double>&mean = normalize.reals("mean"), &std = normalize.reals("std");
  double sum = 0.0;
  for (const double each : std) sum += each;
  const double common = std::exp2(std::round(std::log2(sum / static_cast<double>(std.size()))));
  Change change{{}, std::vector<double>(std.size(), common), {}, {}};
  for (size_t c = 0; c < std.size(); ++c) {
    change.mean.push_back(std::nearbyint(mean[c]));
    change.factors.push_back(common / std[c]);
    change.terms.push_back((change.mean[c] - mean[c]) / std[c]);
  }
  return change;
}

// Scales the weights of `layer`; what is missing from its outputs then.
std::vector<double> rescale_weights(const Node& layer, const Change& change, Tensor& weight) {
  const auto w = weight.as<float>();
  const auto outputs = static_cast<size_t>(weight.shape[0]), channels = static_cast<size_t>(weight.shape[1]);
  const size_t taps = w.size() / (outputs * channels);
  const size_t group_outputs = outputs / static_cast<size_t>(layer.integer("groups"));
  std::vector<double> missing(outputs, 0.0);
  for (size_t i = 0; i < w.size(); ++i) {
    const size_t o = i / (channels * taps), c = o / group_outputs * channels + i / taps % channels;
    missing[o] += static_cast<double>(w[i]) * change.terms[c];
    w[i] = static_cast<float>(static_cast<double>(w[i]) * change.factors[c]);
  }
  return missing;
}

void add_to(Tensor& tensor, const std::vector<double>& terms, double sign) {
  const auto values = tensor.as<float>();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(static_cast<double>(values[i]) + sign * terms[i]);
}

// The batch norm that alone reads `layer` and has a running mean of its own, or nullptr.
const Node* norm_behind(const graph::Graph& graph, const Node& layer) {
  const auto readers = graph.consumers(layer.output);
  if (readers.size() != 1 || std::ranges::count(graph.outputs(), layer.output) > 0) return nullptr;
  const Node& reader = graph.node(readers[0]);
  const bool fits = reader.op == Op::batch_norm && !graph.producer(reader.inputs[3]) &&
                    graph.consumers(reader.inputs[3]).size() == 1;
  return fits ? &reader : nullptr;
}

}  // namespace

Network with_integer_pixels(const Network& network) {
  const graph::Graph& from = network.graph;
  const Node* normalize = find_normalize(network);
  if (!normalize) return network;
  const Change change = change_of(*normalize);
  Network to{graph::Graph(from.name()), network.tensors};
  std::map<const Node*, std::string> new_biases;
  for (const graph::NodeId id : from.consumers(normalize->output)) {
    const Node& layer = from.node(id);
    const auto name = [&](const Node& node, size_t input) { return from.value(node.inputs[input]).name; };
    const std::vector<double> missing = rescale_weights(layer, change, to.tensors.at(name(layer, 1)));
    if (const Node* norm = norm_behind(from, layer)) {
      add_to(to.tensors.at(name(*norm, 3)), missing, -1.0);
    } else if (layer.inputs.size() > 2) {
      add_to(to.tensors.at(name(layer, 2)), missing, 1.0);
    } else {
      const std::string bias = layer.name + ".pixel_bias";
      to.tensors[bias] = Tensor::zeros(graph::DataType::f32, {static_cast<int64_t>(missing.size())});
      add_to(to.tensors.at(bias), missing, 1.0);
      new_biases[&layer] = bias;
    }
  }
  std::map<ValueId, ValueId> copied;
  for (ValueId id = 0; id < static_cast<ValueId>(from.values().size()); ++id) {
    const graph::Value& value = from.value(id);
    const Node* node = from.producer(id);
    if (!node) {
      copied[id] = to.graph.add_source(value.kind, value.name, value.type);
      continue;
    }
    std::vector<ValueId> inputs;
    for (const ValueId input : node->inputs) inputs.push_back(copied.at(input));
    graph::Attributes attributes = node->attributes;
    if (node == normalize) attributes = {{"mean", change.mean}, {"std", change.std}};
    if (const auto bias = new_biases.find(node); bias != new_biases.end()) {
      const Tensor& tensor = to.tensors.at(bias->second);
      inputs.push_back(to.graph.add_parameter(bias->second, {tensor.type, tensor.shape}));
    }
    copied[id] = to.graph.add_node(node->op, node->name, std::move(inputs), std::move(attributes));
  }
  for (const ValueId output : from.outputs()) to.graph.add_output(copied.at(output));
  return to;
}

}  // namespace pact::passes
