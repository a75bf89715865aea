// Demands that several ops' rules share; each throws Error with a sentence.
#pragma once

#include <string_view>

#include "graph/rules.h"

namespace pact::graph {

// Input `index` is f32; `role` is what the op calls it. Returns its shape.
const Shape& require_f32(const RuleContext& context, size_t index, std::string_view role);
// Input `index` holds real numbers or a stream, f32 or i32; or, besides, codes. Returns its shape.
const Shape& require_numbers(const RuleContext& context, size_t index, std::string_view role);
const Shape& require_numbers_or_codes(const RuleContext& context, size_t index, std::string_view role);
// Input `index` is f32, with a given rank.
const Shape& require_rank(const RuleContext& context, size_t index, std::string_view role, size_t rank);
// The same with exactly this shape.
void require_shape(const RuleContext& context, size_t index, std::string_view role, const Shape& shape);
// The same with a given rank and no open extents: weights.
const Shape& require_weight(const RuleContext& context, size_t index, size_t rank);

// A list attribute of `length` integers, each in [least, 2^31].
const std::vector<int64_t>& require_list(const RuleContext& context, std::string_view key, size_t length,
                                         int64_t least);
// An integer attribute in [least, most].
int64_t require_integer(const RuleContext& context, std::string_view key, int64_t least, int64_t most);

// How a window of `kernel` (with `dilation`) steps over one padded axis; throws when it fits nowhere.
struct Window {
  int64_t extent, before, after, kernel, stride, dilation;
};
int64_t windows_along(const Window& window);

// Activation codes: u8 or i8, of this rank.
void require_codes(const RuleContext& context, size_t index, std::string_view role, size_t rank);

// Weight codes of the attributes weight_bits and weight_grid: i8 on grids with signed codes, else u8.
void require_weight_codes(const RuleContext& context, size_t index, size_t rank);

}  // namespace pact::graph
