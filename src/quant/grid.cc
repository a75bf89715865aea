#include "quant/grid.h"

#include <cmath>

#include "base/error.h"
#include "quant/blocks.h"

namespace pact::quant {

std::string_view name_of(GridKind kind) {
  switch (kind) {
    case GridKind::unsigned_:
      return "unsigned";
    case GridKind::symmetric:
      return "symmetric";
    case GridKind::signed_:
      return "signed";
    case GridKind::odd:
      return "odd";
  }
  return "?";
}

GridKind grid_kind_of(std::string_view name) {
  for (const GridKind kind : {GridKind::unsigned_, GridKind::symmetric, GridKind::signed_, GridKind::odd})
    if (name == name_of(kind)) return kind;
  fail("unknown grid '{}'; there are: unsigned, symmetric, signed, odd", name);
}

void codes_of(const Grid& grid, std::span<const float> values, std::span<int16_t> codes) {
  PACT_CHECK(values.size() == codes.size());
  const Grid own = grid;  // a copy, which the stores below cannot change
  if (own.kind == GridKind::odd) {
    map_blocks(values.size(), values.data(), codes.data(),
               [own](float value) { return static_cast<int16_t>(own.odd_code(value / own.step)); });
  } else {
    map_blocks(values.size(), values.data(), codes.data(),
               [own](float value) { return static_cast<int16_t>(own.whole_code(value / own.step)); });
  }
}

void require_valid(const Grid& grid) {
  const int least = has_signed_codes(grid.kind) ? 2 : kMinBits;
  if (grid.bits < least || grid.bits > kMaxBits)
    fail("a grid of kind '{}' has {} to {} bits, not {}", name_of(grid.kind), least, kMaxBits, grid.bits);
  if (grid.zero < 0 || grid.zero > (grid.kind == GridKind::unsigned_ ? grid.max_code() : 0))
    fail("a grid of kind '{}' and {} bits cannot have the zero point {}", name_of(grid.kind), grid.bits,
         grid.zero);
  if (!(grid.step >= kMinStep) || !std::isfinite(grid.step))
    fail("the step of a grid must be a finite number of at least 2^-125, not {}", grid.step);
}

}  // namespace pact::quant
