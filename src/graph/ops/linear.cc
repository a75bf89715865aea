// linear: x[N,K] times the transpose of weight[O,K], and perhaps bias[O].
#include "base/error.h"
#include "graph/ops/require.h"

namespace pact::graph {
namespace {

TensorType infer(const RuleContext& context) {
  const Shape& x = require_rank(context, 0, "x", 2);
  const Shape& weight = require_weight(context, 1, 2);
  if (weight[1] != x[1]) {
    fail("weight {} takes {} features, x {} has {}", to_string(weight), weight[1], to_string(x), x[1]);
  }
  if (context.inputs.size() > 2) require_shape(context, 2, "bias", {weight[0]});
  return {DataType::f32, {x[0], weight[0]}};
}

}  // namespace

const OpRule& linear_rule() {
  static const OpRule rule{2, 3, {}, infer};
  return rule;
}

}  // namespace pact::graph
