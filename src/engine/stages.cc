#include "engine/stages.h"

#include <algorithm>

#include "engine/layout.h"

namespace pact::engine {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;

constexpr size_t kCachedBytes = 8 << 20;    // of values, in the cache of all cores
constexpr size_t kSmallBytes = 512 << 10;   // in that of each

// What a node reads and writes for one image.
size_t value_bytes(const Graph& graph, const Node& node) {
  size_t bytes = bytes_per_image(graph, node.output);
  for (const graph::ValueId input : node.inputs)
    if (graph.producer(input)) bytes += bytes_per_image(graph, input);
  return bytes;
}

size_t linear_weight_bytes(const Graph& graph, const Node& node) {
  if (node.op != Op::integer_linear && node.op != Op::linear) return 0;
  const graph::TensorType& weight = graph.value(node.inputs[1]).type;
  return static_cast<size_t>(graph::element_count(weight.shape)) * size_bytes(weight.dtype);
}

}  // namespace

// As many as fit the cache with all that this node or one behind it reads and writes; more only where there are twice
// as many, since values that lie between two stages are kept for all images of the later one.
Images choose_images(const Graph& graph, int64_t max_batch, int threads, size_t cached_bytes) {
  const std::vector<Node>& nodes = graph.nodes();
  std::vector<size_t> most(nodes.size());  // of the node and all behind it
  size_t largest = 1, linear_weights = 0;
  for (size_t i = nodes.size(); i-- > 0;) {
    most[i] = largest = std::max(largest, value_bytes(graph, nodes[i]));
    linear_weights += linear_weight_bytes(graph, nodes[i]);
  }
  Images images{.at_once = {}, .are_small = largest <= kSmallBytes && linear_weights <= largest};
  const size_t cached = cached_bytes > 0 ? cached_bytes : images.are_small ? kSmallBytes : kCachedBytes;
  const int64_t least = images.are_small ? 1 : threads;
  int64_t now = 0;
  for (const size_t bytes : most) {
    const int64_t fit = std::min(max_batch, std::max(static_cast<int64_t>(cached / bytes), least));
    if (fit >= 2 * now || fit == max_batch) now = fit;
    images.at_once.push_back(now);
  }
  return images;
}

std::vector<Stage> stages_of(std::span<const Step> steps, int64_t images_of_none) {
  if (steps.empty()) return {{.begin = 0, .end = 0, .images = images_of_none}};
  std::vector<Stage> stages;
  for (int i = 0; i < static_cast<int>(steps.size()); ++i) {
    const int64_t images = steps[static_cast<size_t>(i)].images;
    if (stages.empty() || stages.back().images != images) stages.push_back({.begin = i, .end = i, .images = images});
    ++stages.back().end;
  }
  return stages;
}

}  // namespace pact::engine
