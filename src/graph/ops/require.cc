#include "graph/ops/require.h"

#include <algorithm>

#include "base/error.h"
#include "graph/validity.h"
#include "quant/grid.h"

namespace pact::graph {

const Shape& require_f32(const RuleContext& context, size_t index, std::string_view role) {
  const TensorType& type = context.inputs[index];
  if (type.dtype != DataType::f32) fail("{} is {}, it must be f32", role, to_string(type));
  return type.shape;
}

const Shape& require_numbers(const RuleContext& context, size_t index, std::string_view role) {
  const TensorType& type = context.inputs[index];
  if (type.dtype != DataType::f32 && type.dtype != DataType::i32)
    fail("{} is {}, it must be f32 or i32", role, to_string(type));
  return type.shape;
}

const Shape& require_numbers_or_codes(const RuleContext& context, size_t index, std::string_view role) {
  const TensorType& type = context.inputs[index];
  if (type.dtype != DataType::f32 && type.dtype != DataType::i32 && type.dtype != DataType::u8 &&
      type.dtype != DataType::i8)
    fail("{} is {}, it must be f32, i32, u8 or i8", role, to_string(type));
  return type.shape;
}

const Shape& require_rank(const RuleContext& context, size_t index, std::string_view role, size_t rank) {
  const Shape& shape = require_f32(context, index, role);
  if (shape.size() != rank) fail("{} is {}, it must have rank {}", role, to_string(shape), rank);
  return shape;
}

void require_shape(const RuleContext& context, size_t index, std::string_view role, const Shape& shape) {
  const Shape& given = require_f32(context, index, role);
  if (given != shape) fail("{} has shape {}, it must have {}", role, to_string(given), to_string(shape));
}

const Shape& require_weight(const RuleContext& context, size_t index, size_t rank) {
  const Shape& shape = require_rank(context, index, "weight", rank);
  if (shape[0] == kBatch) fail("weight is {}, it must not depend on the batch", to_string(shape));
  return shape;
}

const std::vector<int64_t>& require_list(const RuleContext& context, std::string_view key, size_t length,
                                         int64_t least) {
  const std::vector<int64_t>& list = context.node.integers(key);
  if (list.size() != length) fail("{}={} must have {} entries", key, to_string(Attribute(list)), length);
  if (std::ranges::any_of(list, [&](int64_t entry) { return entry < least || entry > kMaxExtent; })) {
    fail("{}={} must have entries from {} to 2^31", key, to_string(Attribute(list)), least);
  }
  return list;
}

int64_t require_integer(const RuleContext& context, std::string_view key, int64_t least, int64_t most) {
  const int64_t integer = context.node.integer(key);
  if (integer < least || integer > most) fail("{}={} must be from {} to {}", key, integer, least, most);
  return integer;
}

int64_t windows_along(const Window& window) {
  const int64_t padded = window.extent + window.before + window.after;
  const int64_t reach = window.dilation * (window.kernel - 1) + 1;
  if (reach > padded) fail("a window of {} does not fit into {} (padding included)", reach, padded);
  return (padded - reach) / window.stride + 1;
}

void require_codes(const RuleContext& context, size_t index, std::string_view role, size_t rank) {
  const TensorType& type = context.inputs[index];
  if (type.dtype != DataType::u8 && type.dtype != DataType::i8)
    fail("{} is {}, it must hold codes, u8 or i8", role, to_string(type));
  if (type.shape.size() != rank) fail("{} is {}, it must have rank {}", role, to_string(type), rank);
}

void require_weight_codes(const RuleContext& context, size_t index, size_t rank) {
  require_codes(context, index, "weight", rank);
  const TensorType& type = context.inputs[index];
  if (type.shape[0] == kBatch) fail("weight is {}, it must not depend on the batch", to_string(type));
  const quant::GridKind kind = quant::grid_kind_of(context.node.word("weight_grid"));
  const int64_t bits = require_integer(context, "weight_bits", quant::kMinBits, quant::kMaxBits);
  quant::require_valid({.kind = kind, .bits = static_cast<int>(bits)});
  const DataType expected = has_signed_codes(kind) ? DataType::i8 : DataType::u8;
  if (type.dtype != expected)
    fail("weight is {}, codes of this grid are {}", to_string(type), name_of(expected));
}

}  // namespace pact::graph
