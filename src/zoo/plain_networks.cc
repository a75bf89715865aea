// ReLU stands before a pool of maxima wherever it stands in the publication: the result is the same, and
// training computes batch norm and ReLU in one step. Dropout is left out.
#include "zoo/plain_networks.h"

#include <fmt/format.h>

#include "base/error.h"
#include "zoo/layers.h"

namespace pact::zoo {
namespace {

using graph::Graph;
using graph::Op;
using graph::ValueId;

// `conv`, batch norm `bn` and ReLU, with the number at their end.
ValueId add_layer(Graph& graph, int number, ValueId x, const ConvOptions& options) {
  x = add_conv(graph, fmt::format("conv{}", number), x, options);
  x = add_batch_norm(graph, fmt::format("bn{}", number), x);
  return add_relu(graph, fmt::format("relu{}", number), x);
}

ValueId add_linear_layer(Graph& graph, int number, ValueId x, int64_t outputs) {
  x = add_linear(graph, fmt::format("fc{}", number), x, outputs, Bias::none);
  x = add_batch_norm(graph, fmt::format("bn{}", number), x);
  return add_relu(graph, fmt::format("relu{}", number), x);
}

ValueId add_flatten(Graph& graph, ValueId x) { return graph.add_node(Op::flatten, "flatten", {x}); }

}  // namespace

InputSpec svhn_input() { return {.height = 40, .width = 40, .mean = {112, 113, 121}, .std = {64, 64, 64}}; }

InputSpec grey_input() { return {.channels = 1, .height = 28, .width = 28, .mean = {73}, .std = {64}}; }

Graph svhn_network(const InputSpec& input) {
  Graph graph("svhnnet");
  const auto channels = [&](int64_t published) { return thinned(input, published); };
  ValueId x = add_pixels(graph, input);
  x = add_conv(graph, "conv0", x, {.channels = channels(48), .kernel = 5, .pad = 0, .bias = Bias::learned});
  x = add_relu(graph, "relu0", x);
  x = add_max_pool(graph, "pool0", x);
  x = add_layer(graph, 1, x, {.channels = channels(64)});
  x = add_layer(graph, 2, x, {.channels = channels(64)});
  x = add_max_pool(graph, "pool2", x);
  x = add_layer(graph, 3, x, {.channels = channels(128), .pad = 0});
  x = add_layer(graph, 4, x, {.channels = channels(128)});
  x = add_layer(graph, 5, x, {.channels = channels(128), .pad = 0});
  const graph::Shape& left = graph.value(x).type.shape;
  if (left[2] != left[3]) fail("svhnnet: takes square images, not {}x{}", input.height, input.width);
  x = add_layer(graph, 6, x, {.channels = channels(512), .kernel = left[2], .pad = 0});
  graph.add_output(add_linear(graph, "fc", add_flatten(graph, x), input.classes));
  return graph;
}

Graph alexnet_bn(const InputSpec& input) {
  Graph graph("alexnet-bn");
  // Even, so that they part into two groups.
  const auto channels = [&](int64_t published) { return 2 * thinned(input, published / 2); };
  ValueId x = add_pixels(graph, input);
  x = add_layer(graph, 1, x, {.channels = channels(96), .kernel = 11, .stride = 4, .pad = 2});
  x = add_max_pool(graph, "pool1", x, {.kernel = 3});
  x = add_layer(graph, 2, x, {.channels = channels(256), .kernel = 5, .groups = 2});
  x = add_max_pool(graph, "pool2", x, {.kernel = 3});
  x = add_layer(graph, 3, x, {.channels = channels(384)});
  x = add_layer(graph, 4, x, {.channels = channels(384), .groups = 2});
  x = add_layer(graph, 5, x, {.channels = channels(256), .groups = 2});
  x = add_max_pool(graph, "pool5", x, {.kernel = 3});
  x = add_linear_layer(graph, 6, add_flatten(graph, x), channels(4096));
  x = add_linear_layer(graph, 7, x, channels(4096));
  graph.add_output(add_linear(graph, "fc8", x, input.classes));
  return graph;
}

Graph vgg_small(const InputSpec& input) {
  Graph graph("vgg-small");
  ValueId x = add_pixels(graph, input);
  int number = 0;
  for (const int64_t channels : {128, 256, 512}) {
    for (int i = 0; i < 2; ++i) x = add_layer(graph, ++number, x, {.channels = thinned(input, channels)});
    x = add_max_pool(graph, fmt::format("pool{}", number), x);
  }
  graph.add_output(add_linear(graph, "fc", add_flatten(graph, x), input.classes));
  return graph;
}

Graph lenet5(const InputSpec& input) {
  Graph graph("lenet5");
  ValueId x = add_pixels(graph, input);
  x = add_conv(graph, "conv1", x, {.channels = thinned(input, 6), .kernel = 5, .bias = Bias::learned});
  x = add_max_pool(graph, "pool1", add_relu(graph, "relu1", x));
  x = add_conv(graph, "conv2", x,
               {.channels = thinned(input, 16), .kernel = 5, .pad = 0, .bias = Bias::learned});
  x = add_max_pool(graph, "pool2", add_relu(graph, "relu2", x));
  x = add_relu(graph, "relu3", add_linear(graph, "fc1", add_flatten(graph, x), thinned(input, 120)));
  x = add_relu(graph, "relu4", add_linear(graph, "fc2", x, thinned(input, 84)));
  graph.add_output(add_linear(graph, "fc3", x, input.classes));
  return graph;
}

}  // namespace pact::zoo
