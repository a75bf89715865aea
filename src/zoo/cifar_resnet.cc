#include "zoo/cifar_resnet.h"

#include <fmt/format.h>

#include "zoo/layers.h"

namespace pact::zoo {
namespace {

using graph::Graph;
using graph::Op;
using graph::Shape;
using graph::ValueId;

// Every second pixel, and zero channels on both sides: the parameter-free shortcut between stages.
ValueId add_shortcut(Graph& graph, const std::string& name, ValueId x, int64_t channels) {
  const Shape shape = graph.value(x).type.shape;
  const int64_t extra = channels - shape[1];
  const ValueId sliced = graph.add_node(Op::slice, name + ".subsample", {x},
                                        {{"begin", std::vector<int64_t>{0, 0, 0}},
                                         {"end", std::vector<int64_t>{shape[1], shape[2], shape[3]}},
                                         {"step", std::vector<int64_t>{1, 2, 2}}});
  return graph.add_node(Op::pad, name + ".widen", {sliced},
                        {{"before", std::vector<int64_t>{extra / 2, 0, 0}},
                         {"after", std::vector<int64_t>{extra - extra / 2, 0, 0}}});
}

ValueId add_block(Graph& graph, const std::string& name, ValueId x, int64_t channels, int64_t stride) {
  const bool same = stride == 1 && graph.value(x).type.shape[1] == channels;
  const ValueId shortcut = same ? x : add_shortcut(graph, name + ".shortcut", x, channels);
  ValueId y = add_conv(graph, name + ".conv1", x, {.channels = channels, .stride = stride});
  y = add_batch_norm(graph, name + ".bn1", y);
  y = graph.add_node(Op::relu, name + ".relu1", {y});
  y = add_conv(graph, name + ".conv2", y, {.channels = channels});
  y = add_batch_norm(graph, name + ".bn2", y);
  y = graph.add_node(Op::add, name + ".sum", {y, shortcut});
  return graph.add_node(Op::relu, name + ".relu2", {y});
}

Graph cifar_resnet(const std::string& name, int blocks, const InputSpec& input) {
  Graph graph(name);
  ValueId x = add_pixels(graph, input);
  x = add_conv(graph, "stem.conv", x, {.channels = thinned(input, 16)});
  x = add_batch_norm(graph, "stem.bn", x);
  x = graph.add_node(Op::relu, "stem.relu", {x});
  for (int stage = 0; stage < 3; ++stage)
    for (int block = 0; block < blocks; ++block)
      x = add_block(graph, fmt::format("layer{}.{}", stage + 1, block), x,
                    thinned(input, int64_t{16} << stage), stage > 0 && block == 0 ? 2 : 1);
  x = graph.add_node(Op::global_avg_pool, "pool", {x});
  graph.add_output(add_linear(graph, "fc", x, input.classes));
  return graph;
}

}  // namespace

InputSpec cifar_input() { return {.mean = {125, 123, 114}, .std = {64, 64, 64}}; }

Graph resnet8(const InputSpec& input) { return cifar_resnet("resnet8", 1, input); }
Graph resnet20(const InputSpec& input) { return cifar_resnet("resnet20", 3, input); }
Graph resnet32(const InputSpec& input) { return cifar_resnet("resnet32", 5, input); }
Graph resnet56(const InputSpec& input) { return cifar_resnet("resnet56", 9, input); }

}  // namespace pact::zoo
