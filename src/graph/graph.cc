// Building keeps a graph sound: every add_* checks before it changes anything.
#include "graph/graph.h"

#include <algorithm>

#include "base/error.h"
#include "graph/rules.h"
#include "graph/validity.h"

namespace pact::graph {
namespace {

template <typename Kind>
const Kind& attribute_of(const Node& node, std::string_view key) {
  const auto found = node.attributes.find(std::string(key));
  if (found == node.attributes.end()) {
    fail(ErrorKind::internal, "node '{}' ({}) has no attribute '{}'", node.name, name_of(node.op), key);
  }
  const Kind* held = std::get_if<Kind>(&found->second);
  if (held == nullptr) {
    fail(ErrorKind::internal, "attribute '{}' of node '{}' ({}) is {}, not {}", key, node.name,
         name_of(node.op), kind_of(found->second), kind_of(Attribute(Kind{})));
  }
  return *held;
}

}  // namespace

std::string to_string(const TensorType& type) {
  return std::string(name_of(type.dtype)) + to_string(type.shape);
}

int64_t Node::integer(std::string_view key) const { return attribute_of<int64_t>(*this, key); }
double Node::real(std::string_view key) const { return attribute_of<double>(*this, key); }
const std::string& Node::word(std::string_view key) const { return attribute_of<std::string>(*this, key); }
const std::vector<int64_t>& Node::integers(std::string_view key) const {
  return attribute_of<std::vector<int64_t>>(*this, key);
}
const std::vector<double>& Node::reals(std::string_view key) const {
  return attribute_of<std::vector<double>>(*this, key);
}

void Graph::set_name(std::string name) {
  if (!is_graph_name(name)) fail("a graph's name consists of letters, digits and _ . - (got '{}')", name);
  name_ = std::move(name);
}

ValueId Graph::add_value(Value value) {
  const auto id = static_cast<ValueId>(values_.size());
  by_name_.emplace(value.name, id);
  values_.push_back(std::move(value));
  return id;
}

void Graph::require_free(const std::string& name) const {
  if (!is_identifier(name)) {
    fail(
        "'{}' is no name: names are letters, digits, _ and ., do not begin with a digit or ., and have at "
        "most {} "
        "characters",
        name, kMaxNameLength);
  }
  if (by_name_.contains(name)) fail("the name '{}' is taken", name);
}

ValueId Graph::add_source(ValueKind kind, const std::string& name, TensorType type) {
  PACT_CHECK(kind != ValueKind::activation);
  require_free(name);
  try {
    require_valid(type, kind);
  } catch (const Error& error) {
    fail("{} '{}': {}", name_of(kind), name, error.what());
  }
  const ValueId id = add_value({name, kind, std::move(type), kNoNode});
  if (kind == ValueKind::input) inputs_.push_back(id);
  return id;
}

ValueId Graph::add_node(Op op, const std::string& name, std::vector<ValueId> inputs, Attributes attributes) {
  require_free(name);
  try {
    std::vector<TensorType> types;
    for (const ValueId input : inputs) {
      if (input < 0 || static_cast<size_t>(input) >= values_.size()) fail("input {} does not exist", input);
      types.push_back(value(input).type);
    }
    Node node{op, name, std::move(inputs), -1, complete_attributes(op, std::move(attributes))};
    TensorType type = infer_type(node, types);
    node.output =
        add_value({name, ValueKind::activation, std::move(type), static_cast<NodeId>(nodes_.size())});
    nodes_.push_back(std::move(node));
  } catch (const Error& error) {
    fail(error.kind(), "node '{}' ({}): {}", name, name_of(op), error.what());
  }
  return nodes_.back().output;
}

void Graph::add_output(ValueId value) {
  if (value < 0 || static_cast<size_t>(value) >= values_.size()) fail("output {} does not exist", value);
  if (std::ranges::find(outputs_, value) != outputs_.end()) {
    fail("'{}' is an output already", this->value(value).name);
  }
  outputs_.push_back(value);
}

std::optional<ValueId> Graph::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

std::vector<NodeId> Graph::consumers(ValueId value) const {
  std::vector<NodeId> ids;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (std::ranges::find(nodes_[i].inputs, value) != nodes_[i].inputs.end())
      ids.push_back(static_cast<NodeId>(i));
  }
  return ids;
}

const Node* Graph::producer(ValueId value) const {
  const NodeId id = this->value(value).producer;
  return id == kNoNode ? nullptr : &node(id);
}

}  // namespace pact::graph
