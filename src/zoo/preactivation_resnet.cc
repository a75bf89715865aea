// As in the paper's appendix: the first block takes the activation behind the stem for its own, blocks that
// change the shape share theirs with the projection, and the last sum gets an activation behind it. A
// bottleneck strides in its 3x3 convolution. Names follow those of torchvision's ResNets.
#include "zoo/preactivation_resnet.h"

#include <fmt/format.h>

#include <array>

#include "zoo/layers.h"

namespace pact::zoo {
namespace {

using graph::Graph;
using graph::Op;
using graph::ValueId;

ValueId add_norm_relu(Graph& graph, const std::string& norm, const std::string& relu, ValueId x) {
  return add_relu(graph, relu, add_batch_norm(graph, norm, x, NormNames::weight_bias));
}

struct Block {
  std::string name;
  int64_t channels;  // inside
  int64_t stride;
  bool has_activation;  // in front; else the stem's is taken

  std::string part(const char* what, int number) const { return fmt::format("{}.{}{}", name, what, number); }
};

using Convolutions = std::vector<ConvOptions>;

Convolutions basic(const Block& b) {
  return {{.channels = b.channels, .stride = b.stride}, {.channels = b.channels}};
}

Convolutions bottleneck(const Block& b) {
  return {{.channels = b.channels, .kernel = 1},
          {.channels = b.channels, .stride = b.stride},
          {.channels = 4 * b.channels, .kernel = 1}};
}

using BranchOf = Convolutions (*)(const Block&);

ValueId add_block(Graph& graph, const Block& b, ValueId x, BranchOf branch_of) {
  const Convolutions convolutions = branch_of(b);
  const int64_t channels = convolutions.back().channels;
  const bool is_projected = b.stride != 1 || graph.value(x).type.shape[1] != channels;
  ValueId shortcut = x;
  for (int number = 1; const ConvOptions& convolution : convolutions) {
    if (number > 1 || b.has_activation)
      x = add_norm_relu(graph, b.part("bn", number), b.part("relu", number), x);
    if (number == 1 && is_projected)
      shortcut = add_conv(graph, b.name + ".downsample.0", x,
                          {.channels = channels, .kernel = 1, .stride = b.stride});
    x = add_conv(graph, b.part("conv", number), x, convolution);
    ++number;
  }
  return graph.add_node(Op::add, b.name + ".sum", {x, shortcut});
}

Graph preactivation_resnet(const std::string& name, const std::array<int, 4>& blocks, BranchOf branch_of,
                           const InputSpec& input) {
  Graph graph(name);
  ValueId x = add_pixels(graph, input);
  x = add_conv(graph, "conv1", x, {.channels = thinned(input, 64), .kernel = 7, .stride = 2});
  x = add_norm_relu(graph, "bn1", "relu1", x);
  x = add_max_pool(graph, "maxpool", x, {.kernel = 3, .pad = 1});
  for (int stage = 0; stage < 4; ++stage)
    for (int block = 0; block < blocks[static_cast<size_t>(stage)]; ++block)
      x = add_block(graph,
                    {.name = fmt::format("layer{}.{}", stage + 1, block),
                     .channels = thinned(input, int64_t{64} << stage),
                     .stride = stage > 0 && block == 0 ? 2 : 1,
                     .has_activation = stage > 0 || block > 0},
                    x, branch_of);
  x = add_norm_relu(graph, "bn2", "relu2", x);
  x = graph.add_node(Op::global_avg_pool, "avgpool", {x});
  graph.add_output(add_linear(graph, "fc", x, input.classes));
  return graph;
}

}  // namespace

Graph preresnet18(const InputSpec& input) {
  return preactivation_resnet("preresnet18", {2, 2, 2, 2}, basic, input);
}
Graph preresnet50(const InputSpec& input) {
  return preactivation_resnet("preresnet50", {3, 4, 6, 3}, bottleneck, input);
}

}  // namespace pact::zoo
