// Printing: one line per value in the order in which they were added, so that parsing gives the same
// numbering.
#include "base/error.h"
#include "base/strings.h"
#include "graph/rules.h"
#include "graph/text.h"
#include "graph/validity.h"

namespace pact::graph {
namespace {

std::string line_of(const Graph& graph, const Node& node, const TensorType& type) {
  std::vector<std::string> inputs;
  for (const ValueId input : node.inputs) inputs.push_back(graph.value(input).name);
  std::string line =
      fmt::format("{}: {} = {}({})", node.name, to_string(type), name_of(node.op), join(inputs));
  for (const auto& [key, attribute] : node.attributes)
    if (!is_left_out(node.op, key, attribute)) line += fmt::format(" {}={}", key, to_string(attribute));
  return line;
}

}  // namespace

std::string print(const Graph& graph) {
  std::string text = graph.name().empty() ? "graph\n" : fmt::format("graph {}\n", graph.name());
  for (const Value& value : graph.values()) {
    text += value.producer == kNoNode
                ? fmt::format("{} {}: {}", name_of(value.kind), value.name, to_string(value.type))
                : line_of(graph, graph.node(value.producer), value.type);
    text += '\n';
  }
  for (const ValueId output : graph.outputs()) text += fmt::format("output {}\n", graph.value(output).name);
  return text;
}

}  // namespace pact::graph
