// conv2d: x[N,C,H,W] with weight[O,C/groups,kh,kw] and perhaps bias[O]; correlation, as in every network.
// integer_conv2d: the same sum over multiplicands (quant/grid.h), exact in int32. `input_zero` holds the code of
// each input channel that stands for zero and that padding has; empty means 0 everywhere.
#include "base/error.h"
#include "graph/ops/require.h"
#include "graph/validity.h"

namespace pact::graph {
namespace {

// Channels and windows; x and weight have rank 4.
Shape infer_windows(const RuleContext& context) {
  const Shape& x = context.inputs[0].shape;
  const Shape& weight = context.inputs[1].shape;
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
  const int64_t height = windows_along({x[2], pads[0], pads[2], weight[2], strides[0], dilations[0]});
  const int64_t width = windows_along({x[3], pads[1], pads[3], weight[3], strides[1], dilations[1]});
  return {x[0], weight[0], height, width};
}

TensorType infer(const RuleContext& context) {
  require_rank(context, 0, "x", 4);
  const Shape& weight = require_weight(context, 1, 4);
  Shape shape = infer_windows(context);
  if (context.inputs.size() > 2) require_shape(context, 2, "bias", {weight[0]});
  return {DataType::f32, std::move(shape)};
}

TensorType infer_integer(const RuleContext& context) {
  require_codes(context, 0, "x", 4);
  require_weight_codes(context, 1, 4);
  const auto& zero = context.node.integers("input_zero");
  const int64_t channels = context.inputs[0].shape[1];
  if (!zero.empty() && static_cast<int64_t>(zero.size()) != channels)
    fail("input_zero has {} entries for {} channels", zero.size(), channels);
  const bool is_signed = context.inputs[0].dtype == DataType::i8;
  for (const int64_t code : zero)
    if (is_signed ? code != 0 : (code < 0 || code > 255))
      fail("input_zero={} must hold codes of x, {}", to_string(Attribute(zero)),
           is_signed ? "0" : "0 to 255");
  return {DataType::i32, infer_windows(context)};
}

std::vector<AttributeRule> window_attributes() {
  return {{"strides", std::vector<int64_t>{1, 1}, {}},
          {"pads", std::vector<int64_t>{0, 0, 0, 0}, {}},
          {"dilations", std::vector<int64_t>{1, 1}, {}},
          {"groups", int64_t{1}, {}}};
}

}  // namespace

const OpRule& conv2d_rule() {
  static const OpRule rule{2, 3, window_attributes(), infer};
  return rule;
}

const OpRule& integer_conv2d_rule() {
  static const OpRule rule = [] {
    OpRule made{2, 2, window_attributes(), infer_integer};
    made.attributes.push_back({"input_zero", std::vector<int64_t>(), {}});
    made.attributes.push_back({"weight_bits", {}, int64_t{}});
    made.attributes.push_back({"weight_grid", {}, std::string()});
    return made;
  }();
  return rule;
}

}  // namespace pact::graph
