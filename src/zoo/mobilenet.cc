#include "zoo/mobilenet.h"

#include <fmt/format.h>

#include "zoo/layers.h"

namespace pact::zoo {
namespace {

using graph::Graph;
using graph::Op;
using graph::ValueId;

ValueId add_layer(Graph& graph, const std::string& name, ValueId x, const ConvOptions& options) {
  x = add_conv(graph, name + ".conv", x, options);
  x = add_batch_norm(graph, name + ".bn", x);
  return graph.add_node(Op::relu, name + ".relu", {x});
}

}  // namespace

Graph mobilenet(const InputSpec& input) {
  struct Block {
    int64_t channels, stride;
  };
  static constexpr Block kBlocks[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                                      {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
  Graph graph("mobilenet");
  ValueId x = add_pixels(graph, input);
  x = add_layer(graph, "stem", x, {.channels = thinned(input, 32), .stride = 2});
  for (int number = 1; const Block& block : kBlocks) {
    const std::string name = fmt::format("block{}", number++);
    const int64_t channels = graph.value(x).type.shape[1];
    x = add_layer(graph, name + ".depthwise", x,
                  {.channels = channels, .stride = block.stride, .groups = channels});
    x = add_layer(graph, name + ".pointwise", x, {.channels = thinned(input, block.channels), .kernel = 1});
  }
  x = graph.add_node(Op::global_avg_pool, "pool", {x});
  graph.add_output(add_linear(graph, "fc", x, input.classes));
  return graph;
}

}  // namespace pact::zoo
