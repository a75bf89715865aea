#include "zoo/layers.h"

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

ValueId add_conv(Graph& graph, const std::string& name, ValueId x, const ConvOptions& options) {
  const int64_t channels_in = graph.value(x).type.shape[1];
  const int64_t k = options.kernel, pad = (k - 1) / 2;
  const ValueId weight = graph.add_parameter(
      name + ".weight", {DataType::f32, {options.channels, channels_in / options.groups, k, k}});
  return graph.add_node(Op::conv2d, name, {x, weight},
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

ValueId add_linear(Graph& graph, const std::string& name, ValueId x, int64_t outputs) {
  const int64_t inputs = graph.value(x).type.shape[1];
  const ValueId weight = graph.add_parameter(name + ".weight", {DataType::f32, {outputs, inputs}});
  const ValueId bias = graph.add_parameter(name + ".bias", {DataType::f32, {outputs}});
  return graph.add_node(Op::linear, name, {x, weight, bias});
}

}  // namespace pact::zoo
