// Reckoned in double, which no extent overflows.
#include "library/memory_bound.h"

#include <algorithm>

#include "base/error.h"

namespace pact::library {
namespace {

using graph::Graph;
using graph::Node;

double bytes_of(const graph::TensorType& type, int64_t batch) {
  double bytes = static_cast<double>(size_bytes(type.dtype));
  for (const int64_t extent : type.shape)
    bytes *= static_cast<double>(extent == graph::kBatch ? batch : extent);
  return bytes;
}

// The copy of one image with its padding, at the two bytes that codes are widened to.
double padded_bytes(const Graph& graph, const Node& node) {
  const auto pads = node.attributes.find("pads");
  const graph::Shape& x = graph.value(node.inputs[0]).type.shape;
  const auto* sides =
      pads == node.attributes.end() ? nullptr : std::get_if<std::vector<int64_t>>(&pads->second);
  if (!sides || sides->size() != 4 || x.size() != 4) return 0;
  const auto side = [&](size_t i) { return static_cast<double>((*sides)[i]); };
  return 2.0 * static_cast<double>(x[1]) * (static_cast<double>(x[2]) + side(0) + side(2)) *
         (static_cast<double>(x[3]) + side(1) + side(3));
}

}  // namespace

void require_memory(const Graph& graph, int64_t max_batch, size_t limit_bytes) {
  for (const Node& node : graph.nodes()) {
    double bytes = bytes_of(graph.value(node.output).type, max_batch) + padded_bytes(graph, node);
    for (const graph::ValueId input : node.inputs) bytes += bytes_of(graph.value(input).type, max_batch);
    if (bytes > static_cast<double>(limit_bytes))
      fail(ErrorKind::unsupported,
           "node '{}': its values take {:.3g} bytes for {} images at once, more than max_memory_bytes = {}",
           node.name, bytes, max_batch, limit_bytes);
  }
}

}  // namespace pact::library
