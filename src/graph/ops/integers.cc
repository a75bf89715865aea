// quantize, dequantize, rescale: the borders between real numbers, codes and accumulators. Their arithmetic is
// quant/grid.h and quant/requantize.h, in that order of operations. Weights may have a step for each output,
// the second input of dequantize, instead of the attribute.
#include "base/error.h"
#include "graph/ops/require.h"
#include "quant/grid.h"

namespace pact::graph {
namespace {

DataType code_type(const RuleContext& context) {
  const quant::GridKind kind = quant::grid_kind_of(context.node.word("grid"));
  const int64_t bits = require_integer(context, "bits", quant::kMinBits, quant::kMaxBits);
  const double step = context.node.real("step");
  if (static_cast<double>(static_cast<float>(step)) != step) fail("step={} is no float32", step);
  const int64_t zero = require_integer(context, "zero", 0, 255);
  quant::require_valid({kind, static_cast<int>(bits), static_cast<float>(step), static_cast<int>(zero)});
  return has_signed_codes(kind) ? DataType::i8 : DataType::u8;
}

TensorType infer_quantize(const RuleContext& context) {
  return {code_type(context), require_f32(context, 0, "x")};
}

TensorType infer_dequantize(const RuleContext& context) {
  const DataType type = code_type(context);
  if (context.inputs[0].dtype != type)
    fail("x is {}, codes of this grid are {}", to_string(context.inputs[0]), name_of(type));
  const Shape& shape = context.inputs[0].shape;
  if (context.inputs.size() > 1) {
    if (shape.empty() || shape[0] == kBatch)
      fail("x is {}, only weights have a step for each output", to_string(context.inputs[0]));
    require_shape(context, 1, "steps", {shape[0]});
  }
  return {DataType::f32, shape};
}

TensorType infer_rescale(const RuleContext& context) {
  const TensorType& x = context.inputs[0];
  if (x.dtype != DataType::i32 && x.dtype != DataType::f32)
    fail("x is {}, it must be i32 or f32", to_string(x));
  if (x.shape.size() < 2) fail("x is {}, it must have a channel axis", to_string(x));
  require_shape(context, 1, "multiplier", {x.shape[1]});
  require_shape(context, 2, "bias", {x.shape[1]});
  return {DataType::f32, x.shape};
}

std::vector<AttributeRule> grid_attributes() {
  return {{"bits", {}, int64_t{}},
          {"grid", {}, std::string()},
          {"step", {}, double{}},
          {"zero", int64_t{0}, {}, Shown::unless_default}};
}

}  // namespace

const OpRule& quantize_rule() {
  static const OpRule rule{1, 1, grid_attributes(), infer_quantize};
  return rule;
}

const OpRule& dequantize_rule() {
  static const OpRule rule{1, 2, grid_attributes(), infer_dequantize};
  return rule;
}

const OpRule& rescale_rule() {
  static const OpRule rule{3, 3, {}, infer_rescale};
  return rule;
}

}  // namespace pact::graph
