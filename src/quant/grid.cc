#include "quant/grid.h"

#include <cmath>

#include "base/error.h"
#include "quant/rounding.h"

namespace pact::quant {

std::string_view name_of(GridKind kind) {
  switch (kind) {
    case GridKind::unsigned_: return "unsigned";
    case GridKind::symmetric: return "symmetric";
    case GridKind::odd: return "odd";
  }
  return "?";
}

GridKind grid_kind_of(std::string_view name) {
  for (const GridKind kind : {GridKind::unsigned_, GridKind::symmetric, GridKind::odd})
    if (name == name_of(kind)) return kind;
  fail("unknown grid '{}'; there are: unsigned, symmetric, odd", name);
}

int Grid::code_of(float value) const {
  // code = nearbyint(value / step + offset); the offset of an odd grid is half-integer, so the addition is exact
  // for all values that are not clamped anyway.
  const float position = value / step + 0.5f * static_cast<float>(twice_offset());
  const float low = static_cast<float>(min_code());
  const float high = static_cast<float>(max_code());
  if (!(position > low)) return min_code();
  if (position >= high) return max_code();
  return static_cast<int>(round_half_even(position));
}

void require_valid(const Grid& grid) {
  const int least = grid.kind == GridKind::symmetric ? 2 : kMinBits;
  if (grid.bits < least || grid.bits > kMaxBits)
    fail("a grid of kind '{}' has {} to {} bits, not {}", name_of(grid.kind), least, kMaxBits, grid.bits);
  if (!(grid.step > 0.0f) || !std::isfinite(grid.step))
    fail("the step of a grid must be a positive number, not {}", grid.step);
}

}  // namespace pact::quant
