// linear: x[N,K] times the transpose of weight[O,K], and perhaps bias[O].
// integer_linear: the same sum over multiplicands (quant/grid.h), exact in int32.
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

TensorType infer_integer(const RuleContext& context) {
  require_codes(context, 0, "x", 2);
  require_weight_codes(context, 1, 2);
  const Shape &x = context.inputs[0].shape, &weight = context.inputs[1].shape;
  if (weight[1] != x[1]) {
    fail("weight {} takes {} features, x {} has {}", to_string(weight), weight[1], to_string(x), x[1]);
  }
  return {DataType::i32, {x[0], weight[0]}};
}

}  // namespace

const OpRule& integer_linear_rule() {
  static const OpRule rule{
      2, 2, {{"weight_bits", {}, int64_t{}}, {"weight_grid", {}, std::string()}}, infer_integer};
  return rule;
}

const OpRule& linear_rule() {
  static const OpRule rule{2, 3, {}, infer};
  return rule;
}

}  // namespace pact::graph
