// max_pool, avg_pool, global_avg_pool, sum_pool over the two last axes of x[N,C,H,W]. max_pool also takes
// streams and codes, sum_pool takes streams. `dilations`: pixels from one element of a window to the next.
#include "base/error.h"
#include "graph/ops/require.h"

namespace pact::graph {
namespace {

TensorType infer_windows(const RuleContext& context) {
  const TensorType& type = context.inputs[0];
  const Shape& x = type.shape;
  if (x.size() != 4) fail("x is {}, it must have rank 4", to_string(type));
  const auto& kernel = require_list(context, "kernel", 2, 1);
  const auto& strides = require_list(context, "strides", 2, 1);
  const auto& pads = require_list(context, "pads", 4, 0);  // top, left, bottom, right
  const auto& dilations = require_list(context, "dilations", 2, 1);
  // Otherwise a window could lie in the padding alone, and have no largest element: one that begins in the
  // padding and reaches beyond it has an element in the image, unless it steps over all of it.
  for (size_t i = 0; i < 4; ++i) {
    const int64_t dilation = dilations[i % 2], reach = dilation * (kernel[i % 2] - 1) + 1;
    if (pads[i] >= reach) {
      fail("pads={} must be smaller than {}={}", to_string(Attribute(pads)),
           dilation == 1 ? "kernel" : "the reach of the dilated kernel", to_string(Attribute(kernel)));
    }
    if (pads[i] > 0 && dilation > x[2 + i % 2])
      fail("dilations={} step over the whole image, which is padded", to_string(Attribute(dilations)));
  }
  return {type.dtype,
          {x[0], x[1], windows_along({x[2], pads[0], pads[2], kernel[0], strides[0], dilations[0]}),
           windows_along({x[3], pads[1], pads[3], kernel[1], strides[1], dilations[1]})}};
}

TensorType infer_pool(const RuleContext& context) {
  require_f32(context, 0, "x");
  return infer_windows(context);
}

TensorType infer_max_pool(const RuleContext& context) {
  require_numbers_or_codes(context, 0, "x");
  return infer_windows(context);
}

TensorType infer_sum_pool(const RuleContext& context) {
  if (context.inputs[0].dtype != DataType::i32) fail("x is {}, it must be i32", to_string(context.inputs[0]));
  return infer_windows(context);
}

std::vector<AttributeRule> window_attributes() {
  return {{"kernel", {}, std::vector<int64_t>()},
          {"strides", std::vector<int64_t>{1, 1}, {}},
          {"pads", std::vector<int64_t>{0, 0, 0, 0}, {}},
          {"dilations", std::vector<int64_t>{1, 1}, {}, Shown::unless_default}};
}

}  // namespace

const OpRule& max_pool_rule() {
  static const OpRule rule{1, 1, window_attributes(), infer_max_pool};
  return rule;
}

const OpRule& avg_pool_rule() {
  static const OpRule rule = [] {
    OpRule made{1, 1, window_attributes(), [](const RuleContext& context) {
                  require_integer(context, "count_include_pad", 0, 1);
                  return infer_pool(context);
                }};
    made.attributes.push_back({"count_include_pad", int64_t{1}, {}});
    return made;
  }();
  return rule;
}

const OpRule& sum_pool_rule() {
  static const OpRule rule{1, 1, window_attributes(), infer_sum_pool};
  return rule;
}

const OpRule& global_avg_pool_rule() {
  static const OpRule rule{1, 1, {}, [](const RuleContext& context) -> TensorType {
                             const Shape& x = require_rank(context, 0, "x", 4);
                             return {DataType::f32, {x[0], x[1]}};
                           }};
  return rule;
}

}  // namespace pact::graph
