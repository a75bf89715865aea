// fixed_requantize, fixed_rescale: (x * m[c] + b[c]) / 2^shift[c] in integers, to codes or to a stream. The
// three constants have one number per channel, or a single one for all.
#include "base/error.h"
#include "graph/ops/require.h"
#include "quant/grid.h"

namespace pact::graph {
namespace {

void require_constant(const RuleContext& context, size_t index, std::string_view role, DataType type) {
  const TensorType& given = context.inputs[index];
  const int64_t channels = context.inputs[0].shape[1];
  if (given.dtype != type || given.shape.size() != 1 || (given.shape[0] != channels && given.shape[0] != 1))
    fail("{} is {}, it must be {}[{}] or {}[1]", role, to_string(given), name_of(type), channels,
         name_of(type));
  if (given.shape != context.inputs[1].shape) fail("multiplier, bias and shift must have one shape");
}

void require_operands(const RuleContext& context) {
  const TensorType& x = context.inputs[0];
  if (x.dtype != DataType::i32 && x.dtype != DataType::u8 && x.dtype != DataType::i8)
    fail("x is {}, it must be i32, u8 or i8", to_string(x));
  if (x.shape.size() < 2) fail("x is {}, it must have a channel axis", to_string(x));
  require_constant(context, 1, "multiplier", DataType::i16);
  require_constant(context, 2, "bias", DataType::i64);
  require_constant(context, 3, "shift", DataType::u8);
}

TensorType infer_requantize(const RuleContext& context) {
  require_operands(context);
  const quant::GridKind kind = quant::grid_kind_of(context.node.word("grid"));
  const int64_t bits = require_integer(context, "bits", quant::kMinBits, quant::kMaxBits);
  quant::require_valid({.kind = kind, .bits = static_cast<int>(bits)});
  return {has_signed_codes(kind) ? DataType::i8 : DataType::u8, context.inputs[0].shape};
}

TensorType infer_rescale(const RuleContext& context) {
  require_operands(context);
  return {DataType::i32, context.inputs[0].shape};
}

}  // namespace

const OpRule& fixed_requantize_rule() {
  static const OpRule rule{4, 4, {{"bits", {}, int64_t{}}, {"grid", {}, std::string()}}, infer_requantize};
  return rule;
}

const OpRule& fixed_rescale_rule() {
  static const OpRule rule{4, 4, {}, infer_rescale};
  return rule;
}

}  // namespace pact::graph
