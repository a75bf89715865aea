// The activation quantizer of PACT (Choi et al. 2018, equations 1 to 3) in the form that is trained, exported
// and run:
//   code = nearbyint(clip(x, 0, alpha) / step),  step = float32(alpha / (2^k - 1)),  value = code * step
#pragma once

#include <cstdint>

#include "quant/grid.h"
#include "quant/rounding.h"

namespace pact::quant {

// step = alpha / (2^bits - 1), one float32 division.
inline float clip_step(float alpha, int bits) { return alpha / static_cast<float>((1 << bits) - 1); }

// The grid that a clip at `alpha` > 0 with `bits` bits makes.
inline Grid clip_grid(float alpha, int bits) { return {GridKind::unsigned_, bits, clip_step(alpha, bits)}; }

// Equation 1: 0 below 0, x below alpha, alpha from there on. NaN becomes 0.
inline float clip(float x, float alpha) {
  const float positive = x > 0.0f ? x : 0.0f;
  return positive < alpha ? positive : alpha;
}

// The code of x, as a float: an integer in [0, 2^bits - 1].
inline float clip_code(float x, float alpha, float step) { return round_half_even(clip(x, alpha) / step); }

}  // namespace pact::quant
