// conv2d: x[N,C,H,W] with weight[O,C/groups,kh,kw] and perhaps bias[O]; correlation, as in every network.
#include "base/error.h"
#include "graph/ops/require.h"
#include "graph/validity.h"

namespace pact::graph {
namespace {

TensorType infer(const RuleContext& context) {
  const Shape& x = require_rank(context, 0, "x", 4);
  const Shape& weight = require_weight(context, 1, 4);
  const auto& strides = require_list(context, "strides", 2, 1);
  const auto& dilations = require_list(context, "dilations", 2, 1);
  const auto& pads = require_list(context, "pads", 4, 0);  // top, left, bottom, right
  const int64_t groups = require_integer(context, "groups", 1, kMaxExtent);
  if (x[1] % groups != 0 || weight[0] % groups != 0) {
    fail("groups={} must divide the {} input and {} output channels", groups, x[1], weight[0]);
  }
  if (weight[1] != x[1] / groups) {
    fail("weight {} takes {} channels a group, x {} has {}", to_string(weight), weight[1], to_string(x),
         x[1] / groups);
  }
  if (context.inputs.size() > 2) require_shape(context, 2, "bias", {weight[0]});
  const int64_t height = windows_along({x[2], pads[0], pads[2], weight[2], strides[0], dilations[0]});
  const int64_t width = windows_along({x[3], pads[1], pads[3], weight[3], strides[1], dilations[1]});
  return {DataType::f32, {x[0], weight[0], height, width}};
}

}  // namespace

const OpRule& conv2d_rule() {
  static const OpRule rule{2,
                           3,
                           {{"strides", std::vector<int64_t>{1, 1}, {}},
                            {"pads", std::vector<int64_t>{0, 0, 0, 0}, {}},
                            {"dilations", std::vector<int64_t>{1, 1}, {}},
                            {"groups", int64_t{1}, {}}},
                           infer};
  return rule;
}

}  // namespace pact::graph
