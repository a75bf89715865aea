// The one graph type of the toolkit: float networks, networks with Quant nodes, integer networks. A graph
// holds structure only; the numbers of its parameters are Tensors beside it, keyed by value name (Network).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/attributes.h"
#include "graph/op.h"
#include "graph/tensor.h"

namespace pact::graph {

using ValueId = int;
using NodeId = int;
inline constexpr NodeId kNoNode = -1;

struct TensorType {
  DataType dtype = DataType::f32;
  Shape shape;
  bool operator==(const TensorType&) const = default;
};
std::string to_string(const TensorType& type);  // "f32[N,16,32,32]"

enum class ValueKind {
  input,       // fed by the caller
  parameter,   // learned
  buffer,      // kept but not learned (running statistics)
  activation,  // computed by a node
};

struct Value {
  std::string name;
  ValueKind kind = ValueKind::activation;
  TensorType type;
  NodeId producer = kNoNode;

  bool operator==(const Value&) const = default;
};

// One application of an op. Its single output carries the node's name.
struct Node {
  Op op;
  std::string name;
  std::vector<ValueId> inputs;
  ValueId output = -1;
  Attributes attributes;

  // Attributes are complete (defaults filled in) once a node is in a graph.
  int64_t integer(std::string_view key) const;
  double real(std::string_view key) const;
  const std::string& word(std::string_view key) const;
  const std::vector<int64_t>& integers(std::string_view key) const;
  const std::vector<double>& reals(std::string_view key) const;

  bool operator==(const Node&) const = default;
};

class Graph {
 public:
  // A graph's name is empty or made of letters, digits and _ . - (throws Error otherwise).
  explicit Graph(std::string name = "") { set_name(std::move(name)); }

  const std::string& name() const { return name_; }
  void set_name(std::string name);
  const std::vector<Node>& nodes() const { return nodes_; }  // in an order in which they can run
  const std::vector<Value>& values() const { return values_; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  const Node& node(NodeId id) const { return nodes_.at(static_cast<size_t>(id)); }
  const Value& value(ValueId id) const { return values_.at(static_cast<size_t>(id)); }

  // Names of values and nodes are identifiers, [A-Za-z_][A-Za-z0-9_.]*; extents are 1 to 2^31, the first one
  // of an input or activation may be kBatch. All add_* throw Error when the name is taken or malformed, when
  // an input does not exist, or when the op's rule refuses (types, shapes, attributes); the message names the
  // node.
  ValueId add_input(const std::string& name, TensorType type) {
    return add_source(ValueKind::input, name, type);
  }
  ValueId add_parameter(const std::string& name, TensorType type) {
    return add_source(ValueKind::parameter, name, type);
  }
  ValueId add_buffer(const std::string& name, TensorType type) {
    return add_source(ValueKind::buffer, name, type);
  }
  ValueId add_source(ValueKind kind, const std::string& name, TensorType type);
  ValueId add_node(Op op, const std::string& name, std::vector<ValueId> inputs, Attributes attributes = {});
  void add_output(ValueId value);  // once per value

  std::optional<ValueId> find(std::string_view name) const;
  std::vector<NodeId> consumers(ValueId value) const;  // in node order
  // The node that computes `value`, or nullptr for inputs, parameters and buffers.
  const Node* producer(ValueId value) const;

  // Same names, structure and numbering.
  bool operator==(const Graph&) const = default;

 private:
  void require_free(const std::string& name) const;
  ValueId add_value(Value value);

  std::string name_;
  std::vector<Node> nodes_;
  std::vector<Value> values_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  std::map<std::string, ValueId, std::less<>> by_name_;
};

// A graph with its numbers.
struct Network {
  Graph graph;
  Tensors tensors;  // one per parameter and buffer
};

// All problems of a graph, each a sentence that names the node; empty when it is sound. Building through
// add_* keeps a graph sound; graphs from files are checked by this.
std::vector<std::string> find_problems(const Graph& graph);
// The same with the numbers: tensors missing, surplus, of another type or shape.
std::vector<std::string> find_problems(const Network& network);
// Throws one Error with all problems.
void verify(const Graph& graph);
void verify(const Network& network);

}  // namespace pact::graph
