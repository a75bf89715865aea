// What each op demands and yields: number of inputs, attributes with their defaults, and the type of the
// output. One function per op in ops/; a rule throws Error with a sentence, the caller adds the node's name.
#pragma once

#include <optional>
#include <span>

#include "graph/graph.h"

namespace pact::graph {

enum class Shown { always, unless_default };  // in the text form

struct AttributeRule {
  std::string name;
  std::optional<Attribute> default_value;  // none: must be given
  Attribute example;                       // of the right type, when there is no default
  Shown shown = Shown::always;
};

struct RuleContext {
  const Node& node;
  std::span<const TensorType> inputs;
};

struct OpRule {
  int least_inputs;
  int most_inputs;
  std::vector<AttributeRule> attributes;
  TensorType (*infer)(const RuleContext&);
};

const OpRule& rule_of(Op op);

// Fills in defaults and checks names and types of attributes. Throws Error.
Attributes complete_attributes(Op op, Attributes given);

// The type of the node's output from those of its inputs; the node's attributes are complete. Throws Error.
TensorType infer_type(const Node& node, std::span<const TensorType> inputs);

// Whether the text form leaves this attribute of a node out, as one that few networks have.
bool is_left_out(Op op, const std::string& name, const Attribute& attribute);

// Multiply-accumulates of a node for one image; 0 for anything but conv2d and linear.
int64_t macs_per_image(const Graph& graph, const Node& node);

}  // namespace pact::graph
