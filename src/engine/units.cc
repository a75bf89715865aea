#include "engine/units.h"

#include <algorithm>
#include <map>
#include <set>

namespace pact::engine {
namespace {

using graph::Graph;
using graph::kNoNode;
using graph::NodeId;
using graph::Op;
using graph::ValueId;

// Whether `sum` may be computed together with a layer that makes its shortcut.
bool wants_shortcut_layer(const Graph& graph, const Fusion& sum) {
  return sum.shortcut != kNoValue && sum.dequantize == kNoNode && sum.real != kNoValue &&
         graph.consumers(sum.shortcut).size() == 1 && std::ranges::count(graph.outputs(), sum.shortcut) == 0;
}

void add_pool(const Graph& graph, LayerGroup& group) {
  const Fusion& layer = group.layer;
  if (layer.accumulators != kNoValue || (layer.real != kNoValue) == (layer.codes != kNoValue)) return;
  const ValueId yield = layer.real != kNoValue ? layer.real : layer.codes;
  const std::vector<NodeId> readers = graph.consumers(yield);
  if (readers.size() != 1 || graph.node(readers[0]).op != Op::max_pool ||
      std::ranges::count(graph.outputs(), yield) > 0)
    return;
  group.pool = readers[0];
  for (const NodeId id : graph.consumers(graph.node(group.pool).output))
    if (graph.node(id).op == Op::quantize && graph.node(id).integer("zero") == 0) {
      group.pool_quantize = id;
      return;
    }
}

// Whether all it yields are real numbers of its own accumulators.
bool makes_reals(const Fusion& layer) {
  return layer.real != kNoValue && layer.codes == kNoValue && layer.shortcut == kNoValue;
}

std::vector<LayerGroup> group_layers(const Graph& graph) {
  const std::vector<Fusion> fusions = find_fusions(graph);
  std::map<ValueId, const Fusion*> by_real;
  for (const Fusion& fusion : fusions)
    if (makes_reals(fusion)) by_real.emplace(fusion.real, &fusion);
  std::vector<LayerGroup> groups;
  std::set<const Fusion*> taken;
  for (const Fusion& fusion : fusions) {
    if (makes_reals(fusion)) continue;
    groups.push_back({.layer = fusion, .shortcut_layer = {}});
    if (!wants_shortcut_layer(graph, fusion)) continue;
    if (const auto found = by_real.find(fusion.shortcut); found != by_real.end()) {
      groups.back().shortcut_layer = *found->second;
      taken.insert(found->second);
    }
  }
  for (const Fusion& fusion : fusions)
    if (makes_reals(fusion) && !taken.contains(&fusion))
      groups.push_back({.layer = fusion, .shortcut_layer = {}});
  for (LayerGroup& group : groups)
    if (!group.shortcut_layer) add_pool(graph, group);
  return groups;
}

Unit unit_of(const Graph& graph, const LayerGroup& group) {
  Unit unit{.nodes = group.nodes(), .values = {}, .layers = group};
  const auto add = [&](ValueId value) {
    if (value != kNoValue) unit.values.push_back(value);
  };
  add(graph.node(group.layer.layer).inputs[0]);
  add(group.layer.shortcut);
  if (group.shortcut_layer) add(graph.node(group.shortcut_layer->layer).inputs[0]);
  for (const ValueId value : {group.layer.accumulators, group.layer.real, group.layer.codes}) add(value);
  if (group.pool != kNoNode) add(graph.node(group.pool).output);
  if (group.pool_quantize != kNoNode) add(graph.node(group.pool_quantize).output);
  return unit;
}

// A node by itself; a move with those behind it.
Unit unit_from(const Graph& graph, NodeId id) {
  Unit unit{.nodes = {id}, .values = {}, .layers = {}};
  for (const ValueId input : graph.node(id).inputs)
    if (const graph::ValueKind kind = graph.value(input).kind;
        kind == graph::ValueKind::activation || kind == graph::ValueKind::input)
      unit.values.push_back(input);
  ValueId output = graph.node(id).output;
  while (only_moves(graph.node(unit.nodes.back()).op)) {
    const std::vector<NodeId> readers = graph.consumers(output);
    if (readers.size() != 1 || std::ranges::count(graph.outputs(), output) > 0 ||
        !only_moves(graph.node(readers[0]).op))
      break;
    unit.nodes.push_back(readers[0]);
    output = graph.node(readers[0]).output;
  }
  unit.values.push_back(output);
  return unit;
}

}  // namespace

std::vector<NodeId> LayerGroup::nodes() const {
  std::vector<NodeId> all = layer.nodes();
  if (shortcut_layer) {
    const std::vector<NodeId> more = shortcut_layer->nodes();
    all.insert(all.end(), more.begin(), more.end());
  }
  for (const NodeId id : {pool, pool_quantize})
    if (id != kNoNode) all.push_back(id);
  return all;
}

bool only_moves(Op op) { return op == Op::flatten || op == Op::slice || op == Op::pad; }

std::vector<Unit> units_of(const Graph& graph) {
  std::map<NodeId, LayerGroup> groups;  // by place
  std::set<NodeId> taken;
  for (const LayerGroup& group : group_layers(graph)) {
    for (const NodeId id : group.nodes()) taken.insert(id);
    groups.emplace(group.layer.place(), group);
  }
  std::vector<Unit> units;
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    if (const auto found = groups.find(id); found != groups.end()) {
      units.push_back(unit_of(graph, found->second));
    } else if (!taken.contains(id)) {
      units.push_back(unit_from(graph, id));
      taken.insert(units.back().nodes.begin(), units.back().nodes.end());
    }
  }
  return units;
}

}  // namespace pact::engine
