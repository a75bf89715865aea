// Reckoned in double, which no extent overflows.
#include "library/memory_bound.h"

#include <algorithm>

#include "base/error.h"

namespace pact::library {
namespace {

using graph::Graph;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

// Parameters count nothing: they are in the file.
double bytes_of(const graph::Value& value, int64_t batch) {
  if (value.kind == graph::ValueKind::parameter || value.kind == graph::ValueKind::buffer) return 0;
  double bytes = static_cast<double>(size_bytes(value.type.dtype));
  for (const int64_t extent : value.type.shape)
    bytes *= static_cast<double>(extent == graph::kBatch ? batch : extent);
  return bytes;
}

// The copy of one image with its padding, at the two bytes that codes are widened to.
double padded_bytes(const Graph& graph, const Node& node) {
  const auto pads = node.attributes.find("pads");
  if (pads == node.attributes.end() || node.inputs.empty()) return 0;
  const graph::Shape& x = graph.value(node.inputs[0]).type.shape;
  const auto* sides = std::get_if<std::vector<int64_t>>(&pads->second);
  if (!sides || sides->size() != 4 || x.size() != 4) return 0;
  const auto side = [&](size_t i) { return static_cast<double>((*sides)[i]); };
  return 2.0 * static_cast<double>(x[1]) * (static_cast<double>(x[2]) + side(0) + side(2)) *
         (static_cast<double>(x[3]) + side(1) + side(3));
}

// The node after which a value is not read any more; outputs are read after the last.
std::vector<NodeId> last_readers(const Graph& graph) {
  std::vector<NodeId> last(graph.values().size(), graph::kNoNode);
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id)
    for (const ValueId input : graph.node(id).inputs) last[static_cast<size_t>(input)] = id;
  for (const ValueId output : graph.outputs())
    last[static_cast<size_t>(output)] = static_cast<NodeId>(graph.nodes().size());
  return last;
}

}  // namespace

void require_memory(const Graph& graph, int64_t max_batch, size_t limit_bytes) {
  const std::vector<NodeId> last = last_readers(graph);
  std::vector<bool> is_alive(graph.values().size(), false);
  double alive = 0;
  const auto bear = [&](ValueId id) {
    is_alive[static_cast<size_t>(id)] = true;
    alive += bytes_of(graph.value(id), max_batch);
  };
  for (const ValueId input : graph.inputs()) bear(input);
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& node = graph.node(id);
    bear(node.output);
    if (const double bytes = alive + padded_bytes(graph, node); bytes > static_cast<double>(limit_bytes))
      fail(ErrorKind::unsupported,
           "node '{}': about {:.3g} bytes would be in use for {} images at once, more than max_memory_bytes "
           "= {}",
           node.name, bytes, max_batch, limit_bytes);
    for (const ValueId input : node.inputs) {
      const auto i = static_cast<size_t>(input);
      if (last[i] != id || !is_alive[i]) continue;
      is_alive[i] = false;
      alive -= bytes_of(graph.value(input), max_batch);
    }
  }
}

}  // namespace pact::library
