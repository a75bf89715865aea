// batch_norm: (x - mean[c]) / sqrt(variance[c] + epsilon) * gamma[c] + beta[c]. How the running statistics
// move (momentum) is the training's business and no attribute here.
#include "base/error.h"
#include "graph/ops/require.h"

namespace pact::graph {
namespace {

TensorType infer(const RuleContext& context) {
  const Shape& x = require_f32(context, 0, "x");
  if (x.size() < 2) fail("x is {}, it must have a channel axis", to_string(x));
  const char* roles[] = {"gamma", "beta", "running_mean", "running_var"};
  for (size_t i = 0; i < 4; ++i) require_shape(context, i + 1, roles[i], {x[1]});
  const double epsilon = context.node.real("epsilon");
  if (epsilon < 0.0) fail("epsilon={} must not be negative", epsilon);
  return context.inputs[0];
}

}  // namespace

const OpRule& batch_norm_rule() {
  static const OpRule rule{5, 5, {{"epsilon", 1e-5, {}}}, infer};
  return rule;
}

}  // namespace pact::graph
