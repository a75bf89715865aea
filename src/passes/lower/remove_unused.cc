// Needed is what an output reads, then, from the last node to the first, what a needed node reads.
#include "passes/lower/remove_unused.h"

#include <utility>

namespace pact::passes {

graph::Network remove_unused(graph::Network network) {
  const graph::Graph& from = network.graph;
  std::vector<char> is_needed(from.values().size(), 0);
  const auto need = [&](graph::ValueId value) { is_needed[static_cast<size_t>(value)] = 1; };
  for (const graph::ValueId output : from.outputs()) need(output);
  for (size_t i = from.nodes().size(); i-- > 0;) {
    const graph::Node& node = from.nodes()[i];
    if (!is_needed[static_cast<size_t>(node.output)]) continue;
    for (const graph::ValueId input : node.inputs) need(input);
  }

  graph::Network to{graph::Graph(from.name()), {}};
  std::vector<graph::ValueId> copied(from.values().size(), -1);
  for (size_t id = 0; id < from.values().size(); ++id) {
    const graph::Value& value = from.values()[id];
    if (!is_needed[id] && value.kind != graph::ValueKind::input) continue;
    if (value.kind != graph::ValueKind::activation) {
      copied[id] = to.graph.add_source(value.kind, value.name, value.type);
      if (value.kind != graph::ValueKind::input)
        to.tensors[value.name] = std::move(network.tensors.at(value.name));
      continue;
    }
    const graph::Node& node = from.node(value.producer);
    std::vector<graph::ValueId> inputs;
    for (const graph::ValueId input : node.inputs) inputs.push_back(copied[static_cast<size_t>(input)]);
    copied[id] = to.graph.add_node(node.op, node.name, std::move(inputs), node.attributes);
  }
  for (const graph::ValueId output : from.outputs()) to.graph.add_output(copied[static_cast<size_t>(output)]);
  return to;
}

}  // namespace pact::passes
