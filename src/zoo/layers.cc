#include "zoo/layers.h"

#include <algorithm>

namespace pact::zoo {

using graph::DataType;
using graph::Graph;
using graph::kBatch;
using graph::Op;
using graph::ValueId;

ValueId add_pixels(Graph& graph, const InputSpec& input) {
  const ValueId image =
      graph.add_input("image", {DataType::f32, {kBatch, input.channels, input.height, input.width}});
  return graph.add_node(Op::normalize, "pixels", {image}, {{"mean", input.mean}, {"std", input.std}});
}

int64_t thinned(const InputSpec& input, int64_t channels) {
  return std::max<int64_t>(1, channels / input.thinning);
}

ValueId add_conv(Graph& graph, const std::string& name, ValueId x, const ConvOptions& options) {
  const int64_t channels_in = graph.value(x).type.shape[1];
  const int64_t k = options.kernel, pad = options.pad == kKeepExtent ? (k - 1) / 2 : options.pad;
  std::vector<ValueId> inputs{
      x, graph.add_parameter(name + ".weight",
                             {DataType::f32, {options.channels, channels_in / options.groups, k, k}})};
  if (options.bias == Bias::learned)
    inputs.push_back(graph.add_parameter(name + ".bias", {DataType::f32, {options.channels}}));
  return graph.add_node(Op::conv2d, name, std::move(inputs),
                        {{"strides", std::vector<int64_t>{options.stride, options.stride}},
                         {"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                         {"groups", options.groups}});
}

ValueId add_batch_norm(Graph& graph, const std::string& name, ValueId x, NormNames names) {
  const graph::TensorType per_channel{DataType::f32, {graph.value(x).type.shape[1]}};
  const bool as_paper = names == NormNames::gamma_beta;
  const ValueId gamma = graph.add_parameter(name + (as_paper ? ".gamma" : ".weight"), per_channel);
  const ValueId beta = graph.add_parameter(name + (as_paper ? ".beta" : ".bias"), per_channel);
  const ValueId mean = graph.add_buffer(name + ".running_mean", per_channel);
  const ValueId var = graph.add_buffer(name + ".running_var", per_channel);
  return graph.add_node(Op::batch_norm, name, {x, gamma, beta, mean, var});
}

ValueId add_relu(Graph& graph, const std::string& name, ValueId x) {
  return graph.add_node(Op::relu, name, {x});
}

ValueId add_max_pool(Graph& graph, const std::string& name, ValueId x, const PoolOptions& options) {
  const auto& [kernel, stride, pad] = options;
  return graph.add_node(Op::max_pool, name, {x},
                        {{"kernel", std::vector<int64_t>{kernel, kernel}},
                         {"strides", std::vector<int64_t>{stride, stride}},
                         {"pads", std::vector<int64_t>{pad, pad, pad, pad}}});
}

ValueId add_linear(Graph& graph, const std::string& name, ValueId x, int64_t outputs, Bias bias) {
  const int64_t channels = graph.value(x).type.shape[1];
  std::vector<ValueId> inputs{x, graph.add_parameter(name + ".weight", {DataType::f32, {outputs, channels}})};
  if (bias == Bias::learned)
    inputs.push_back(graph.add_parameter(name + ".bias", {DataType::f32, {outputs}}));
  return graph.add_node(Op::linear, name, std::move(inputs));
}

}  // namespace pact::zoo
