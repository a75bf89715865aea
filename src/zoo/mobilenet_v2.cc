#include "zoo/mobilenet_v2.h"

#include <fmt/format.h>

#include "zoo/layers.h"

namespace pact::zoo {
namespace {

using graph::Graph;
using graph::Op;
using graph::ValueId;

// Convolution, batch norm and ReLU6; their names in torchvision are `name`.0, .1 and .2.
ValueId add_layer(Graph& graph, const std::string& name, ValueId x, const ConvOptions& options) {
  x = add_conv(graph, name + ".0", x, options);
  x = add_batch_norm(graph, name + ".1", x, NormNames::weight_bias);
  return graph.add_node(Op::clip, name + ".2", {x}, {{"low", 0.0}, {"high", 6.0}});
}

struct Block {
  std::string name;
  int64_t expansion, channels, stride;
};

// 1x1 to `expansion` times the channels, 3x3 by channel, 1x1 without an activation.
ValueId add_block(Graph& graph, const Block& b, ValueId x) {
  const ValueId shortcut = x;
  const int64_t narrow = graph.value(x).type.shape[1], wide = b.expansion * narrow;
  int part = 0;
  const auto next = [&] { return fmt::format("{}.conv.{}", b.name, part++); };
  if (b.expansion != 1) x = add_layer(graph, next(), x, {.channels = wide, .kernel = 1});
  x = add_layer(graph, next(), x, {.channels = wide, .stride = b.stride, .groups = wide});
  x = add_conv(graph, next(), x, {.channels = b.channels, .kernel = 1});
  x = add_batch_norm(graph, next(), x, NormNames::weight_bias);
  if (b.stride != 1 || narrow != b.channels) return x;
  return graph.add_node(Op::add, b.name + ".sum", {x, shortcut});
}

}  // namespace

Graph mobilenet_v2(const InputSpec& input) {
  struct Stage {
    int64_t expansion, channels, blocks, stride;
  };
  static constexpr Stage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                      {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  Graph graph("mobilenetv2");
  ValueId x = add_pixels(graph, input);
  int number = 0;
  const auto next = [&] { return fmt::format("features.{}", number++); };
  x = add_layer(graph, next(), x, {.channels = thinned(input, 32), .stride = 2});
  for (const Stage& stage : kStages)
    for (int64_t block = 0; block < stage.blocks; ++block)
      x = add_block(graph,
                    {.name = next(),
                     .expansion = stage.expansion,
                     .channels = thinned(input, stage.channels),
                     .stride = block == 0 ? stage.stride : 1},
                    x);
  x = add_layer(graph, next(), x, {.channels = thinned(input, 1280), .kernel = 1});
  x = graph.add_node(Op::global_avg_pool, "pool", {x});
  graph.add_output(add_linear(graph, "classifier.1", x, input.classes));
  return graph;
}

}  // namespace pact::zoo
