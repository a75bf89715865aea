// Reckoned in double, which no extent overflows, over the units that become steps: values inside of them are never
// written to memory.
#include "library/memory_bound.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "engine/units.h"
#include "graph/layers.h"

namespace pact::library {
namespace {

using engine::Unit;
using graph::Graph;
using graph::Node;
using graph::ValueId;

double bytes_of(const graph::Value& value) {
  double bytes = static_cast<double>(size_bytes(value.type.dtype));
  for (const int64_t extent : value.type.shape)
    bytes *= static_cast<double>(extent == graph::kBatch ? 1 : extent);
  return bytes;
}

// The copy of an image of codes with its padding, which may be much larger than what is read and written.
double padded_bytes(const Graph& graph, const Node& node) {
  const auto pads = node.attributes.find("pads");
  if (pads == node.attributes.end() || !graph::is_integer_layer(node)) return 0;
  const graph::Shape& x = graph.value(node.inputs[0]).type.shape;
  const auto* sides = std::get_if<std::vector<int64_t>>(&pads->second);
  if (!sides || sides->size() != 4 || x.size() != 4) return 0;
  const auto side = [&](size_t i) { return static_cast<double>((*sides)[i]); };
  return static_cast<double>(x[1]) * (static_cast<double>(x[2]) + side(0) + side(2)) *
         (static_cast<double>(x[3]) + side(1) + side(3));
}

// What the unit reads and writes, but for what a layer yields to the pool behind it, which may take it piece by piece.
std::vector<ValueId> values_of(const Unit& unit) {
  std::vector<ValueId> values = unit.values;
  if (unit.layers && unit.layers->pool != graph::kNoNode) {
    const engine::Fusion& layer = unit.layers->layer;
    std::erase_if(values, [&](ValueId id) { return id == layer.real || id == layer.codes; });
  }
  return values;
}

}  // namespace

void require_memory(const Graph& graph, size_t limit_bytes) {
  const std::vector<Unit> units = engine::units_of(graph);
  std::vector<int> last(graph.values().size(), -1);
  for (int i = 0; i < static_cast<int>(units.size()); ++i)
    for (const ValueId id : values_of(units[static_cast<size_t>(i)])) last[static_cast<size_t>(id)] = i;
  for (const ValueId id : graph.outputs()) last[static_cast<size_t>(id)] = static_cast<int>(units.size());
  std::vector<bool> is_alive(graph.values().size(), false);
  double alive = 0;
  for (int i = 0; i < static_cast<int>(units.size()); ++i) {
    const Unit& unit = units[static_cast<size_t>(i)];
    const std::vector<ValueId> values = values_of(unit);
    for (const ValueId id : values)
      if (!is_alive[static_cast<size_t>(id)]) {
        is_alive[static_cast<size_t>(id)] = true;
        alive += bytes_of(graph.value(id));
      }
    for (const graph::NodeId id : unit.nodes) {
      const Node& node = graph.node(id);
      const double bytes = alive + padded_bytes(graph, node);
      if (bytes > 2 * static_cast<double>(limit_bytes))
        fail(ErrorKind::unsupported,
             "node '{}': about {:.3g} bytes would be in use for a single image, too many for "
             "max_memory_bytes = {}",
             node.name, bytes, limit_bytes);
    }
    for (const ValueId id : values) {
      const auto value = static_cast<size_t>(id);
      if (last[value] != i || !is_alive[value]) continue;
      is_alive[value] = false;
      alive -= bytes_of(graph.value(id));
    }
  }
}

}  // namespace pact::library
