#include "zoo/imagenet_resnet.h"

#include <fmt/format.h>

#include <array>

#include "zoo/layers.h"

namespace pact::zoo {
namespace {

using graph::Graph;
using graph::Op;
using graph::ValueId;

// A convolution and its batch norm, under torchvision's names.
ValueId add_conv_norm(Graph& graph, const std::string& conv, const std::string& norm, ValueId x,
                      const ConvOptions& options) {
  return add_batch_norm(graph, norm, add_conv(graph, conv, x, options), NormNames::weight_bias);
}

struct Block {
  std::string name;
  int64_t channels;  // inside
  int64_t stride;
};

// Two 3x3 convolutions.
ValueId add_basic(Graph& graph, const Block& b, ValueId x) {
  x = add_conv_norm(graph, b.name + ".conv1", b.name + ".bn1", x,
                    {.channels = b.channels, .stride = b.stride});
  x = add_relu(graph, b.name + ".relu1", x);
  return add_conv_norm(graph, b.name + ".conv2", b.name + ".bn2", x, {.channels = b.channels});
}

// 1x1 to fewer channels, 3x3, 1x1 to four times as many.
ValueId add_bottleneck(Graph& graph, const Block& b, ValueId x) {
  x = add_conv_norm(graph, b.name + ".conv1", b.name + ".bn1", x, {.channels = b.channels, .kernel = 1});
  x = add_relu(graph, b.name + ".relu1", x);
  x = add_conv_norm(graph, b.name + ".conv2", b.name + ".bn2", x,
                    {.channels = b.channels, .stride = b.stride});
  x = add_relu(graph, b.name + ".relu2", x);
  return add_conv_norm(graph, b.name + ".conv3", b.name + ".bn3", x,
                       {.channels = 4 * b.channels, .kernel = 1});
}

using AddBranch = ValueId (*)(Graph&, const Block&, ValueId);

// The branch, the shortcut (projected where the shape changes), their sum and ReLU.
ValueId add_residual(Graph& graph, const Block& b, ValueId x, AddBranch add_branch) {
  const ValueId branch = add_branch(graph, b, x);
  const int64_t channels = graph.value(branch).type.shape[1];
  ValueId shortcut = x;
  if (b.stride != 1 || graph.value(x).type.shape[1] != channels)
    shortcut = add_conv_norm(graph, b.name + ".downsample.0", b.name + ".downsample.1", x,
                             {.channels = channels, .kernel = 1, .stride = b.stride});
  const ValueId sum = graph.add_node(Op::add, b.name + ".sum", {branch, shortcut});
  return add_relu(graph, b.name + ".relu", sum);
}

Graph imagenet_resnet(const std::string& name, const std::array<int, 4>& blocks, AddBranch add_branch,
                      const InputSpec& input) {
  Graph graph(name);
  ValueId x = add_pixels(graph, input);
  x = add_conv_norm(graph, "conv1", "bn1", x, {.channels = thinned(input, 64), .kernel = 7, .stride = 2});
  x = add_relu(graph, "relu", x);
  x = add_max_pool(graph, "maxpool", x, {.kernel = 3, .pad = 1});
  for (int stage = 0; stage < 4; ++stage)
    for (int block = 0; block < blocks[static_cast<size_t>(stage)]; ++block)
      x = add_residual(graph,
                       {.name = fmt::format("layer{}.{}", stage + 1, block),
                        .channels = thinned(input, int64_t{64} << stage),
                        .stride = stage > 0 && block == 0 ? 2 : 1},
                       x, add_branch);
  x = graph.add_node(Op::global_avg_pool, "avgpool", {x});
  graph.add_output(add_linear(graph, "fc", x, input.classes));
  return graph;
}

}  // namespace

InputSpec imagenet_input() {
  return {.height = 224, .width = 224, .classes = 1000, .mean = {124, 116, 104}, .std = {64, 64, 64}};
}

Graph resnet18(const InputSpec& input) { return imagenet_resnet("resnet18", {2, 2, 2, 2}, add_basic, input); }
Graph resnet50(const InputSpec& input) {
  return imagenet_resnet("resnet50", {3, 4, 6, 3}, add_bottleneck, input);
}

}  // namespace pact::zoo
