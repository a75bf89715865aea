// From an int32 accumulator to the code of the next layer: the only place where the order of operations is
// fixed.
//
//   real form   z = float(acc) * multiplier + bias (+ shortcut)   each operation rounded to float32, no fma
//               code = grid.code_of(z)                            z / step is one float32 division
//   fixed form  code = clamp(round_half_even((acc * m + b) / 2^shift))
//               in int64, exact; for hardware that has integers only
#pragma once

#include <cstdint>

#include "quant/grid.h"

namespace pact::quant {

// z of the real form, without and with a shortcut.
inline float scale_accumulator(int32_t accumulator, float multiplier, float bias) {
  const float scaled = static_cast<float>(accumulator) * multiplier;
  return scaled + bias;
}
// The same on a real number in the accumulator's place.
inline float scale_real(float x, float multiplier, float bias) {
  const float scaled = x * multiplier;
  return scaled + bias;
}
inline float scale_accumulator(int32_t accumulator, float multiplier, float bias, float shortcut) {
  const float own = scale_accumulator(accumulator, multiplier, bias);
  return own + shortcut;
}

// The code of z on `grid`: clamped, ties to even.
inline int requantize(int32_t accumulator, float multiplier, float bias, const Grid& grid) {
  return grid.code_of(scale_accumulator(accumulator, multiplier, bias));
}

// The fixed-point form of code = acc * multiplier + bias, where both are already in units of the next grid's
// step (and the bias holds the offset of an odd grid): code = round_half_even((acc * m + b) / 2^shift).
struct FixedPoint {
  int32_t multiplier = 0;  // m
  int64_t bias = 0;        // b, |b| <= 2^62, so that acc * m + b cannot overflow
  int shift = 0;           // 0 to 62

  bool operator==(const FixedPoint&) const = default;
};

// Bounds of m, b and shift.
struct FixedPointLimits {
  int multiplier_bits = 31;  // |m| < 2^multiplier_bits; 2 to 31
  int bias_bits = 62;        // |b| <= 2^bias_bits
  int least_shift = 0, largest_shift = 62;
};

// Those of networks of integers alone: with any int32 the sum fits 48 bits, and so does what rounds it.
inline constexpr FixedPointLimits kNetworkLimits{
    .multiplier_bits = 15, .bias_bits = 46, .least_shift = 1, .largest_shift = 46};

// The nearest fixed-point form with |m| < 2^multiplier_bits (2 to 31): the largest shift that keeps m, b and
// shift within their bounds, m and b rounded half to even. Throws Error on numbers not finite or too large.
FixedPoint to_fixed_point(double multiplier, double bias, int multiplier_bits);
FixedPoint to_fixed_point(double multiplier, double bias, const FixedPointLimits& limits);
bool is_within(const FixedPoint& fixed, const FixedPointLimits& limits);

// acc * m + b, exact: codes in units of 2^-shift.
inline int64_t scale_accumulator(int32_t accumulator, const FixedPoint& fixed) {
  return int64_t{accumulator} * fixed.multiplier + fixed.bias;
}

// round_half_even(x / 2^shift), exact; shift 0 to 62.
int64_t shift_half_even(int64_t x, int shift);

// round_half_even((x * m + b) / 2^shift), exact.
inline int64_t rescale(int32_t x, const FixedPoint& fixed) {
  return shift_half_even(scale_accumulator(x, fixed), fixed.shift);
}

// The code of a fixed-point accumulator on `grid`: clamped, ties to even.
int requantize(int32_t accumulator, const FixedPoint& fixed, const Grid& grid);

}  // namespace pact::quant
