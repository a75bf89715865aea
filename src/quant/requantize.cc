#include "quant/requantize.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace pact::quant {

namespace {

// The least e with |x| < 2^e.
int exponent_of(double x) {
  int exponent = 0;
  std::frexp(x, &exponent);
  return exponent;
}

}  // namespace

FixedPoint to_fixed_point(double multiplier, double bias, int multiplier_bits) {
  return to_fixed_point(multiplier, bias, FixedPointLimits{.multiplier_bits = multiplier_bits});
}

FixedPoint to_fixed_point(double multiplier, double bias, const FixedPointLimits& limits) {
  const int multiplier_bits = limits.multiplier_bits;
  if (multiplier_bits < 2 || multiplier_bits > 31)
    fail("a fixed-point multiplier has 2 to 31 bits, not {}", multiplier_bits);
  if (!std::isfinite(multiplier) || !std::isfinite(bias))
    fail("multiplier {} and bias {} must be finite for a fixed-point form", multiplier, bias);

  int shift = limits.largest_shift;
  if (multiplier != 0.0) shift = std::min(shift, multiplier_bits - exponent_of(multiplier));
  if (bias != 0.0) shift = std::min(shift, limits.bias_bits - exponent_of(bias));
  // Rounding may carry into one more bit: |m| = 2^multiplier_bits. One shift less then gives the same number.
  const double limit = std::ldexp(1.0, multiplier_bits);
  if (std::fabs(std::nearbyint(std::ldexp(multiplier, shift))) >= limit) --shift;
  if (shift < limits.least_shift)
    fail("multiplier {} or bias {} is too large for a fixed-point form with a multiplier of {} bits",
         multiplier, bias, multiplier_bits);
  return {static_cast<int32_t>(std::nearbyint(std::ldexp(multiplier, shift))),
          static_cast<int64_t>(std::nearbyint(std::ldexp(bias, shift))), shift};
}

bool is_within(const FixedPoint& fixed, const FixedPointLimits& limits) {
  const int64_t m = fixed.multiplier, most_m = (int64_t{1} << limits.multiplier_bits) - 1;
  const int64_t most_b = int64_t{1} << limits.bias_bits;
  return m >= -most_m && m <= most_m && fixed.bias >= -most_b && fixed.bias <= most_b &&
         fixed.shift >= limits.least_shift && fixed.shift <= limits.largest_shift;
}

int64_t shift_half_even(int64_t x, int shift) {
  if (shift == 0) return x;
  const int64_t floor = x >> shift;
  const int64_t rest = x - floor * (int64_t{1} << shift);  // in [0, 2^shift)
  const int64_t half = int64_t{1} << (shift - 1);
  const bool is_up = rest > half || (rest == half && (floor & 1) != 0);
  return floor + (is_up ? 1 : 0);
}

int requantize(int32_t accumulator, const FixedPoint& fixed, const Grid& grid) {
  const int64_t code = rescale(accumulator, fixed);
  return static_cast<int>(std::clamp<int64_t>(code, grid.min_code(), grid.max_code()));
}

}  // namespace pact::quant
