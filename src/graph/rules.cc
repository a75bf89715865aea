#include "graph/rules.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/strings.h"
#include "graph/layers.h"
#include "graph/ops/require.h"
#include "graph/validity.h"

namespace pact::graph {

// Each op's rule stands in ops/.
#define PACT_OP(name) const OpRule& name##_rule();
#include "graph/ops.inc"
#undef PACT_OP

namespace {

bool is_finite(const Attribute& attribute) {
  if (const double* real = std::get_if<double>(&attribute)) return std::isfinite(*real);
  if (const auto* reals = std::get_if<std::vector<double>>(&attribute)) {
    return std::ranges::all_of(*reals, [](double real) { return std::isfinite(real); });
  }
  return true;
}

void check_attribute(const std::string& name, const Attribute& example, Attribute& given) {
  // An empty list does not show what it is a list of.
  if (std::holds_alternative<std::vector<double>>(example)) {
    const auto* integers = std::get_if<std::vector<int64_t>>(&given);
    if (integers != nullptr && integers->empty()) given = std::vector<double>();
  }
  if (given.index() != example.index()) {
    fail("attribute '{}' is {}, it must be {}{}", name, kind_of(given), kind_of(example),
         kind_of(example).find("real") != std::string_view::npos ? " (reals carry a point or an exponent)"
                                                                 : "");
  }
  if (!is_finite(given)) fail("attribute '{}' is not finite", name);
  const auto* word = std::get_if<std::string>(&given);
  if (word != nullptr && !is_identifier(*word))
    fail("attribute '{}' is not a word of letters and digits", name);
}

}  // namespace

const OpRule& rule_of(Op op) {
  switch (op) {
#define PACT_OP(name) \
  case Op::name:      \
    return name##_rule();
#include "graph/ops.inc"
#undef PACT_OP
  }
  PACT_CHECK(false);
}

Attributes complete_attributes(Op op, Attributes given) {
  const std::vector<AttributeRule>& rules = rule_of(op).attributes;
  for (const auto& [name, attribute] : given) {
    if (std::ranges::find(rules, name, &AttributeRule::name) != rules.end()) continue;
    std::vector<std::string> names;
    for (const AttributeRule& rule : rules) names.push_back(rule.name);
    if (names.empty()) fail("{} has no attributes, but '{}' was given", name_of(op), name);
    fail("{}", unknown_name("attribute", name, names));
  }
  for (const AttributeRule& rule : rules) {
    const auto found = given.find(rule.name);
    if (found != given.end()) {
      check_attribute(rule.name, rule.default_value.value_or(rule.example), found->second);
    } else if (rule.default_value) {
      given.emplace(rule.name, *rule.default_value);
    } else {
      fail("attribute '{}' ({}) is missing", rule.name, kind_of(rule.example));
    }
  }
  return given;
}

bool is_left_out(Op op, const std::string& name, const Attribute& attribute) {
  const std::vector<AttributeRule>& rules = rule_of(op).attributes;
  const auto rule = std::ranges::find(rules, name, &AttributeRule::name);
  return rule != rules.end() && rule->shown == Shown::unless_default && rule->default_value == attribute;
}

TensorType infer_type(const Node& node, std::span<const TensorType> inputs) {
  const OpRule& rule = rule_of(node.op);
  const auto count = static_cast<int>(inputs.size());
  if (count < rule.least_inputs || count > rule.most_inputs) {
    fail("has {} inputs, it takes {}", count,
         rule.least_inputs == rule.most_inputs
             ? fmt::format("{}", rule.least_inputs)
             : fmt::format("{} to {}", rule.least_inputs, rule.most_inputs));
  }
  TensorType type = rule.infer({node, inputs});
  require_valid(type, ValueKind::activation);
  return type;
}

int64_t macs_per_image(const Graph& graph, const Node& node) {
  if (!is_real_layer(node) && !is_integer_layer(node)) return 0;
  // Each output element is one dot product with a row of the weight: [O, C/g, kh, kw] or [O, K].
  Shape factors = graph.value(node.output).type.shape;
  factors[0] = 1;
  const Shape& weight = graph.value(node.inputs[1]).type.shape;
  factors.insert(factors.end(), weight.begin() + 1, weight.end());
  return element_count(factors);
}

}  // namespace pact::graph
