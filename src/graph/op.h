// The ops as an enumeration; what they are stands in ops.inc, their rules in rules.h.
#pragma once

#include <string_view>

namespace pact::graph {

enum class Op {
#define PACT_OP(name) name,
#include "graph/ops.inc"
#undef PACT_OP
};

std::string_view name_of(Op op);
Op op_of(std::string_view name);  // throws Error on an unknown name

}  // namespace pact::graph
