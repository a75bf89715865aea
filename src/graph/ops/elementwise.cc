// relu, clip and add: element by element, the type stays; relu and add on real numbers or on streams. No
// broadcasting: what an `add` costs is then plain to see.
#include "base/error.h"
#include "graph/ops/require.h"

namespace pact::graph {

const OpRule& relu_rule() {
  static const OpRule rule{1, 1, {}, [](const RuleContext& context) {
                             require_numbers(context, 0, "x");
                             return context.inputs[0];
                           }};
  return rule;
}

const OpRule& clip_rule() {
  static const OpRule rule{
      1, 1, {{"low", {}, double{}}, {"high", {}, double{}}}, [](const RuleContext& context) {
        require_f32(context, 0, "x");
        for (const char* key : {"low", "high"}) {
          const double end = context.node.real(key);
          if (static_cast<double>(static_cast<float>(end)) != end) fail("{}={} is no float32", key, end);
        }
        if (context.node.real("low") > context.node.real("high"))
          fail("low={} is above high={}", context.node.real("low"), context.node.real("high"));
        return context.inputs[0];
      }};
  return rule;
}

const OpRule& add_rule() {
  static const OpRule rule{2, 2, {}, [](const RuleContext& context) {
                             require_numbers(context, 0, "a");
                             if (context.inputs[1] != context.inputs[0])
                               fail("b is {}, it must be {} as a is", to_string(context.inputs[1]),
                                    to_string(context.inputs[0]));
                             return context.inputs[0];
                           }};
  return rule;
}

}  // namespace pact::graph
