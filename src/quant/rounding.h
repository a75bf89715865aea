// Rounding to nearest, ties to even: the only rounding of the number format.
#pragma once

namespace pact::quant {

// Exact for |x| < 2^22, which every code is; independent of the rounding mode's users and of -ffast-math's absence
// of nearbyint vectorisation: adding 1.5 * 2^23 leaves no fraction bits, so the addition itself rounds.
inline float round_half_even(float x) {
  constexpr float kMagic = 12582912.0f;
  return (x + kMagic) - kMagic;
}

}  // namespace pact::quant
