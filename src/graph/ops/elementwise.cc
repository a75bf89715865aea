// relu and add: element by element, the type stays. No broadcasting: what an `add` costs is then plain to
// see.
#include "base/error.h"
#include "graph/ops/require.h"

namespace pact::graph {

const OpRule& relu_rule() {
  static const OpRule rule{1, 1, {}, [](const RuleContext& context) {
                             require_f32(context, 0, "x");
                             return context.inputs[0];
                           }};
  return rule;
}

const OpRule& add_rule() {
  static const OpRule rule{2, 2, {}, [](const RuleContext& context) {
                             const Shape& a = require_f32(context, 0, "a");
                             require_shape(context, 1, "b", a);
                             return context.inputs[0];
                           }};
  return rule;
}

}  // namespace pact::graph
