// Names of the ops, both ways.
#include "graph/op.h"

#include "base/error.h"
#include "base/strings.h"

namespace pact::graph {
namespace {

constexpr std::string_view kNames[] = {
#define PACT_OP(name) #name,
#include "graph/ops.inc"
#undef PACT_OP
};

}  // namespace

std::string_view name_of(Op op) { return kNames[static_cast<size_t>(op)]; }

Op op_of(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<Op>(i);
  }
  fail("{}", unknown_name("op", name, {std::begin(kNames), std::end(kNames)}));
}

}  // namespace pact::graph
