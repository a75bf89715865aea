// First the inputs that change are found, then the network is copied with them. A slice may stand before the
// quantizer that it reads then, so a node is copied as soon as another one needs it.
#include "passes/coded_shortcuts.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/strings.h"

namespace pact::passes {
namespace {

using graph::Graph;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::ValueId;

// An input of a node, by the node's output and the input's place.
using Place = std::pair<ValueId, size_t>;

std::vector<const Node*> quantizers_of(const Graph& graph, ValueId x) {
  std::vector<const Node*> quantizers;
  if (graph.value(x).kind == graph::ValueKind::parameter) return quantizers;
  for (const graph::NodeId id : graph.consumers(x))
    if (const Node& node = graph.node(id); node.op == Op::quant && node.inputs[0] == x)
      quantizers.push_back(&node);
  return quantizers;
}

// Is `value` computed from what any of `nodes` yields?
bool depends(const Graph& graph, ValueId value, const std::vector<const Node*>& nodes) {
  std::vector<bool> is_needed(graph.values().size(), false);
  is_needed[static_cast<size_t>(value)] = true;
  for (auto node = graph.nodes().rbegin(); node != graph.nodes().rend(); ++node) {
    if (!is_needed[static_cast<size_t>(node->output)]) continue;
    if (std::ranges::find(nodes, &*node) != nodes.end()) return true;
    for (const ValueId input : node->inputs) is_needed[static_cast<size_t>(input)] = true;
  }
  return false;
}

bool has_one_reader(const Graph& graph, ValueId value) {
  return graph.consumers(value).size() == 1 && std::ranges::count(graph.outputs(), value) == 0;
}

// What the inputs of additions, or of the slices and pads before them, are to be.
std::map<Place, ValueId> find_changes(const Graph& graph) {
  std::map<Place, ValueId> changes;
  for (const Node& add : graph.nodes()) {
    if (add.op != Op::add || add.inputs[0] == add.inputs[1]) continue;
    for (size_t i = 0; i < 2; ++i) {
      Place place{add.output, i};
      ValueId x = add.inputs[i];
      std::vector<const Node*> quantizers = quantizers_of(graph, x);
      for (const Node* node = graph.producer(x); quantizers.empty() && node; node = graph.producer(x)) {
        if ((node->op != Op::slice && node->op != Op::pad) || !has_one_reader(graph, x)) break;
        place = {x, 0};
        x = node->inputs[0];
        quantizers = quantizers_of(graph, x);
      }
      if (quantizers.empty() || !depends(graph, add.inputs[1 - i], quantizers)) continue;
      const auto bits = [](const Node* quant) { return quant->integer("bits"); };
      changes[place] = (*std::ranges::max_element(quantizers, {}, bits))->output;
    }
  }
  return changes;
}

class Copy {
 public:
  Copy(const Network& from, std::map<Place, ValueId> changes)
      : from_(from.graph), changes_(std::move(changes)) {
    to_.graph.set_name(from_.name());
    to_.tensors = from.tensors;
  }

  Network run() {
    for (size_t id = 0; id < from_.values().size(); ++id) copied(static_cast<ValueId>(id));
    for (const ValueId output : from_.outputs()) to_.graph.add_output(copied(output));
    return std::move(to_);
  }

 private:
  ValueId copied(ValueId id) {
    if (const auto found = copied_.find(id); found != copied_.end()) return found->second;
    const Node* node = from_.producer(id);
    const graph::Value& value = from_.value(id);
    if (!node) return copied_[id] = to_.graph.add_source(value.kind, value.name, value.type);
    std::vector<ValueId> inputs;
    for (size_t i = 0; i < node->inputs.size(); ++i) {
      const auto change = changes_.find({id, i});
      inputs.push_back(copied(change == changes_.end() ? node->inputs[i] : change->second));
    }
    return copied_[id] = to_.graph.add_node(node->op, node->name, std::move(inputs), node->attributes);
  }

  const Graph& from_;
  const std::map<Place, ValueId> changes_;
  Network to_;
  std::map<ValueId, ValueId> copied_;
};

}  // namespace

std::string_view name_of(Shortcuts shortcuts) { return shortcuts == Shortcuts::real ? "real" : "codes"; }

std::vector<std::string> shortcuts_names() { return {"real", "codes"}; }

Shortcuts shortcuts_of(std::string_view name) {
  for (const Shortcuts shortcuts : {Shortcuts::real, Shortcuts::codes})
    if (name == name_of(shortcuts)) return shortcuts;
  fail("shortcuts: {}", unknown_name("value", name, shortcuts_names()));
}

Network with_coded_shortcuts(const Network& quantized) {
  Network coded = Copy(quantized, find_changes(quantized.graph)).run();
  graph::verify(coded);
  return coded;
}

}  // namespace pact::passes
