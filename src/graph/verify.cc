// The verifier trusts nothing that add_* established: passes build graphs of their own, and a bug there
// should be named here and not felt three layers above.
#include "graph/verify.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/strings.h"
#include "graph/rules.h"
#include "graph/validity.h"

namespace pact::graph {
namespace {

class Verifier {
 public:
  explicit Verifier(const GraphParts& parts) : parts_(parts), uses_(parts.values.size(), 0) {}

  std::vector<std::string> run() {
    for (const Value& value : parts_.values) check_value(value);
    check_inputs();
    for (size_t i = 0; i < parts_.nodes.size(); ++i) check_node(static_cast<NodeId>(i));
    check_outputs();
    for (const Node& node : parts_.nodes) {
      if (exists(node.output) && uses_[static_cast<size_t>(node.output)] == 0) {
        report("node '{}' ({}): nothing uses its value, and it is no output", node.name, name_of(node.op));
      }
    }
    return std::move(problems_);
  }

 private:
  template <typename... Args>
  void report(fmt::format_string<Args...> format, Args&&... args) {
    problems_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  bool exists(ValueId id) const { return id >= 0 && static_cast<size_t>(id) < parts_.values.size(); }
  const Value& value(ValueId id) const { return parts_.values[static_cast<size_t>(id)]; }

  void check_value(const Value& value) {
    const std::string_view kind = name_of(value.kind);
    if (!is_identifier(value.name)) report("{} '{}': the name is malformed", kind, value.name);
    if (!names_.insert(value.name).second) report("{} '{}': the name is taken twice", kind, value.name);
    try {
      require_valid(value.type, value.kind);
    } catch (const Error& error) {
      report("{} '{}': {}", kind, value.name, error.what());
    }
    const bool is_computed = value.kind == ValueKind::activation;
    if (is_computed != (value.producer != kNoNode)) {
      report("{} '{}': {}", kind, value.name,
             is_computed ? "no node computes it" : "a node claims to compute it");
    } else if (is_computed) {
      const auto producer = static_cast<size_t>(value.producer);
      if (value.producer < 0 || producer >= parts_.nodes.size()) {
        report("{} '{}': its producer {} does not exist", kind, value.name, value.producer);
      } else if (const ValueId output = parts_.nodes[producer].output;
                 !exists(output) || &this->value(output) != &value) {
        report("{} '{}': its producer '{}' computes another value", kind, value.name,
               parts_.nodes[producer].name);
      }
    }
  }

  void check_inputs() {
    std::set<ValueId> listed;
    for (const ValueId id : parts_.inputs) {
      if (!exists(id)) {
        report("the graph: its input {} does not exist", id);
      } else if (value(id).kind != ValueKind::input) {
        report("{} '{}': it is listed as an input", name_of(value(id).kind), value(id).name);
      } else if (!listed.insert(id).second) {
        report("input '{}': it is listed twice", value(id).name);
      }
    }
    for (size_t i = 0; i < parts_.values.size(); ++i) {
      if (parts_.values[i].kind == ValueKind::input && !listed.contains(static_cast<ValueId>(i))) {
        report("input '{}': it is missing in the list of inputs", parts_.values[i].name);
      }
    }
  }

  void check_node(NodeId id) {
    const Node& node = parts_.nodes[static_cast<size_t>(id)];
    const std::string where = fmt::format("node '{}' ({})", node.name, name_of(node.op));
    std::vector<TensorType> types;
    for (const ValueId input : node.inputs) {
      if (!exists(input)) {
        report("{}: its input {} does not exist", where, input);
        continue;
      }
      ++uses_[static_cast<size_t>(input)];
      types.push_back(value(input).type);
      if (value(input).producer >= id) report("{}: it runs before its input '{}'", where, value(input).name);
    }
    if (!exists(node.output)) {
      report("{}: its value {} does not exist", where, node.output);
    } else {
      const Value& output = value(node.output);
      if (output.name != node.name) report("{}: its value has another name, '{}'", where, output.name);
      if (output.producer != id)
        report("{}: its value '{}' does not name it as producer", where, output.name);
    }
    if (types.size() == node.inputs.size()) check_rule(node, where, types);
  }

  void check_rule(const Node& node, const std::string& where, std::span<const TensorType> types) {
    try {
      if (complete_attributes(node.op, node.attributes) != node.attributes) {
        fail("its attributes are not complete");
      }
      const TensorType inferred = infer_type(node, types);
      if (exists(node.output) && value(node.output).type != inferred) {
        fail("its value has type {}, its rule yields {}", to_string(value(node.output).type),
             to_string(inferred));
      }
    } catch (const Error& error) {
      report("{}: {}", where, error.what());
    }
  }

  void check_outputs() {
    if (parts_.outputs.empty()) report("the graph: it has no outputs");
    std::set<ValueId> listed;
    for (const ValueId id : parts_.outputs) {
      if (!exists(id)) {
        report("the graph: its output {} does not exist", id);
        continue;
      }
      ++uses_[static_cast<size_t>(id)];
      if (!listed.insert(id).second) report("output '{}': it is listed twice", value(id).name);
    }
  }

  GraphParts parts_;
  std::vector<int> uses_;
  std::set<std::string_view> names_;
  std::vector<std::string> problems_;
};

void throw_if_any(const std::string& name, const std::vector<std::string>& problems) {
  if (problems.empty()) return;
  fail("the graph{}{} is not sound:\n  {}", name.empty() ? "" : " ", name, join(problems, "\n  "));
}

}  // namespace

std::vector<std::string> find_problems(const GraphParts& parts) { return Verifier(parts).run(); }

std::vector<std::string> find_problems(const Graph& graph) {
  return find_problems(GraphParts{graph.nodes(), graph.values(), graph.inputs(), graph.outputs()});
}

std::vector<std::string> find_problems(const Network& network) {
  std::vector<std::string> problems = find_problems(network.graph);
  std::set<std::string_view> wanted;
  for (const Value& value : network.graph.values()) {
    if (value.kind != ValueKind::parameter && value.kind != ValueKind::buffer) continue;
    wanted.insert(value.name);
    const auto found = network.tensors.find(value.name);
    if (found == network.tensors.end()) {
      problems.push_back(fmt::format("{} '{}': its tensor is missing", name_of(value.kind), value.name));
      continue;
    }
    const Tensor& tensor = found->second;
    const TensorType type{tensor.type, tensor.shape};
    if (type != value.type) {
      problems.push_back(fmt::format("{} '{}': its tensor is {}, it must be {}", name_of(value.kind),
                                     value.name, to_string(type), to_string(value.type)));
    } else if (tensor.bytes.size() != static_cast<size_t>(tensor.count()) * size_bytes(tensor.type)) {
      problems.push_back(fmt::format("{} '{}': its tensor holds {} bytes, {} takes {}", name_of(value.kind),
                                     value.name, tensor.bytes.size(), to_string(type),
                                     static_cast<size_t>(tensor.count()) * size_bytes(tensor.type)));
    }
  }
  for (const auto& [name, tensor] : network.tensors) {
    if (!wanted.contains(name))
      problems.push_back(fmt::format("tensor '{}': no parameter or buffer has this name", name));
  }
  return problems;
}

void verify(const Graph& graph) { throw_if_any(graph.name(), find_problems(graph)); }
void verify(const Network& network) { throw_if_any(network.graph.name(), find_problems(network)); }

}  // namespace pact::graph
