#include "engine/stages.h"

#include <algorithm>

#include "engine/layout.h"

namespace pact::engine {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;

constexpr size_t kCachedBytes = 8 << 20;   // of values, in the cache of all cores
constexpr size_t kSmallBytes = 512 << 10;  // in that of each

size_t value_bytes(const Graph& graph, const Unit& unit) {
  size_t bytes = 0;
  for (const graph::ValueId value : unit.values) bytes += bytes_per_image(graph, value);
  return bytes;
}

size_t linear_weight_bytes(const Graph& graph, const Node& node) {
  if (node.op != Op::integer_linear && node.op != Op::linear) return 0;
  const graph::TensorType& weight = graph.value(node.inputs[1]).type;
  return static_cast<size_t>(graph::element_count(weight.shape)) * size_bytes(weight.dtype);
}

}  // namespace

// As many as fit the cache with all that this unit or one behind it reads and writes; more only where there are twice
// as many, since values that lie between two stages are kept for all images of the later one.
Images choose_images(const Graph& graph, std::span<const Unit> units, int64_t max_batch, int threads,
                     size_t cached_bytes) {
  std::vector<size_t> most(units.size());  // of the unit and all behind it
  size_t largest = 1, linear_weights = 0;
  for (size_t i = units.size(); i-- > 0;) {
    most[i] = largest = std::max(largest, value_bytes(graph, units[i]));
    for (const graph::NodeId id : units[i].nodes)
      linear_weights += linear_weight_bytes(graph, graph.node(id));
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

std::vector<Stage> stages_of(std::span<const Step> steps) {
  if (steps.empty()) return {{.begin = 0, .end = 0, .images = 1}};
  std::vector<Stage> stages;
  for (int i = 0; i < static_cast<int>(steps.size()); ++i) {
    const int64_t images = steps[static_cast<size_t>(i)].images;
    if (stages.empty() || stages.back().images != images)
      stages.push_back({.begin = i, .end = i, .images = images});
    ++stages.back().end;
  }
  return stages;
}

}  // namespace pact::engine
