// From an int32 accumulator to the code of the next layer, the only place where the order of operations is fixed.
//
//   real form   z = float(acc) * multiplier + bias (+ shortcut)       each operation rounded to float32, no fma
//               code = clamp(round_half_even(z / step), 0 .. max)     z / step is one float32 division
//   fixed form  code = clamp(round_half_even((acc * m + b (+ shortcut)) / 2^shift))   in int64, for integer hardware
#pragma once

#include <cstdint>

#include "quant/grid.h"

namespace pact::quant {

// z of the real form, without and with a shortcut.
inline float scale_accumulator(int32_t accumulator, float multiplier, float bias) {
  const float scaled = static_cast<float>(accumulator) * multiplier;
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

// The fixed-point form of (multiplier / step, bias / step): code = round_half_even((acc * m + b) / 2^shift).
struct FixedPoint {
  int32_t multiplier = 0;  // |multiplier| < 2^15 * 2^16
  int64_t bias = 0;
  int shift = 0;  // 0 to 62
};

// The nearest fixed-point form with a multiplier of `multiplier_bits` (2 to 31) significant bits. Throws Error on
// numbers that are not finite or that do not fit.
FixedPoint to_fixed_point(double multiplier, double bias, int multiplier_bits);

// round_half_even(x / 2^shift), exact.
int64_t shift_half_even(int64_t x, int shift);

int requantize(int32_t accumulator, const FixedPoint& fixed, const Grid& grid);

}  // namespace pact::quant
