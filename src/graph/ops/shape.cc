// flatten, slice, pad: elements are moved, left out or joined by zeros, never changed. The batch axis stays.
#include <algorithm>

#include "base/error.h"
#include "graph/ops/require.h"

namespace pact::graph {
namespace {

const Shape& require_axes(const RuleContext& context) {
  const Shape& x = require_numbers_or_codes(context, 0, "x");
  if (x.size() < 2) fail("x is {}, it must have axes beside the batch", to_string(x));
  return x;
}

TensorType infer_flatten(const RuleContext& context) {
  const Shape& x = require_axes(context);
  return {context.inputs[0].dtype, {x[0], element_count({x.begin() + 1, x.end()})}};
}

// Elements begin, begin + step, ... below end; an end beyond the extent means the extent.
TensorType infer_slice(const RuleContext& context) {
  Shape shape = require_axes(context);
  const size_t axes = shape.size() - 1;
  const auto& begin = require_list(context, "begin", axes, 0);
  const auto& end = require_list(context, "end", axes, 0);
  const auto& step = require_list(context, "step", axes, 1);
  for (size_t i = 0; i < axes; ++i) {
    const int64_t stop = std::min(end[i], shape[i + 1]);
    if (begin[i] >= stop) fail("the slice is empty along axis {}: begin {}, end {}", i + 1, begin[i], stop);
    shape[i + 1] = (stop - begin[i] + step[i] - 1) / step[i];
  }
  return {context.inputs[0].dtype, std::move(shape)};
}

TensorType infer_pad(const RuleContext& context) {
  Shape shape = require_axes(context);
  const size_t axes = shape.size() - 1;
  const auto& before = require_list(context, "before", axes, 0);
  const auto& after = require_list(context, "after", axes, 0);
  for (size_t i = 0; i < axes; ++i) shape[i + 1] += before[i] + after[i];
  return {context.inputs[0].dtype, std::move(shape)};
}

}  // namespace

const OpRule& flatten_rule() {
  static const OpRule rule{1, 1, {}, infer_flatten};
  return rule;
}

const OpRule& slice_rule() {
  static const std::vector<int64_t> list;
  static const OpRule rule{1, 1, {{"begin", {}, list}, {"end", {}, list}, {"step", {}, list}}, infer_slice};
  return rule;
}

const OpRule& pad_rule() {
  static const std::vector<int64_t> list;
  static const OpRule rule{1, 1, {{"before", {}, list}, {"after", {}, list}}, infer_pad};
  return rule;
}

}  // namespace pact::graph
