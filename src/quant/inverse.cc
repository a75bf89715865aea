#include "quant/inverse.h"

#include <cmath>
#include <limits>

namespace pact::quant {
namespace {

constexpr float kLargestStep = 0x1p60f;  // and its inverse the smallest: far from both ends of float32
constexpr int kNeighbours = 8;           // floats tried on each side; two would do

int code_by_inverse(const Grid& grid, float z, Inverse inverse) {
  const float low = static_cast<float>(grid.min_code() - grid.zero) * grid.step;
  const float high = static_cast<float>(grid.max_code() - grid.zero) * grid.step;
  const float above = z > low ? z : low;
  return grid.whole_code(quotient_by_inverse(above < high ? above : high, inverse));
}

bool agrees_around(const Grid& grid, float z, Inverse inverse) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (int i = 0; i < kNeighbours; ++i) z = std::nextafter(z, -kInfinity);
  for (int i = -kNeighbours; i <= kNeighbours; ++i, z = std::nextafter(z, kInfinity))
    if (code_by_inverse(grid, z, inverse) != grid.code_of(z)) return false;
  return true;
}

}  // namespace

Inverse exact_inverse(const Grid& grid) {
  if (grid.kind == GridKind::odd || grid.step > kLargestStep || grid.step < 1.0f / kLargestStep) return {};
  const float near = 1.0f / grid.step;
  const Inverse inverse{near, __builtin_fmaf(-near, grid.step, 1.0f) * near};
  // Twice the quotient: whole numbers are levels, among them the ends that z is clamped to, and halves are
  // ties.
  for (int twice = 2 * (grid.min_code() - grid.zero); twice <= 2 * (grid.max_code() - grid.zero); ++twice)
    if (!agrees_around(grid, 0.5f * static_cast<float>(twice) * grid.step, inverse)) return {};
  return inverse;
}

}  // namespace pact::quant
