// Rounding to nearest, ties to even: the only rounding of the number format.
#pragma once

#include "base/host_device.h"

namespace pact::quant {

// Exact for |x| <= 2^22, which every clamped quotient is. The sum with 1.5 * 2^23 lies in [2^23, 2^24], where
// floats are whole numbers, so the addition itself rounds. Unlike nearbyint this vectorises for every
// instruction set. Needs the default rounding mode and a compiler that keeps the order (no -ffast-math).
PACT_HOST_DEVICE inline float round_half_even(float x) {
  constexpr float kMagic = 12582912.0f;
  return (x + kMagic) - kMagic;
}

}  // namespace pact::quant
