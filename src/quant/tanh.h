// tanh in float32 by additions, multiplications and one division. The C library's own differs between
// versions, which would move weights to other codes, and keeps a loop over the weights from being vectorised.
#pragma once

#include <bit>
#include <cstdint>

#include "quant/rounding.h"

namespace pact::quant {

// tanh(x) within 3 units in the last place; odd, never falling, and 1 from |x| = 10 on. x is not NaN.
//
//   tanh|x| = -e / (e + 2),  e = exp(y) - 1,  y = -2|x|
//   y = n ln2 + r,  |r| <= ln2 / 2:  e = 2^n (exp(r) - 1) + (2^n - 1)
//
// so that nothing cancels for small |x|, where n = 0. For exp(r) - 1 stands its Taylor polynomial of degree
// 7, which is within 2^-25 of it.
PACT_HOST_DEVICE inline float tanh_of(float x) {
  constexpr float kLog2e = 1.44269504f;
  constexpr float kLn2High = 0.693145751953125f;  // 16 bits: the product with |n| <= 29 is exact
  constexpr float kLn2Low = 1.42860677e-06f;
  constexpr int32_t kEnd = std::bit_cast<int32_t>(10.0f);
  const int32_t bits = std::bit_cast<int32_t>(x);
  const int32_t magnitude = bits & 0x7fffffff;  // ordered like the floats themselves
  const float y = -2.0f * std::bit_cast<float>(magnitude < kEnd ? magnitude : kEnd);

  const float n = round_half_even(y * kLog2e);
  const float r = (y - n * kLn2High) - n * kLn2Low;
  float series = 1.0f / 5040;
  series = series * r + 1.0f / 720;
  series = series * r + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 0.5f;
  series = series * r * r + r;
  const float power = std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
  const float e = power * series + (power - 1.0f);

  const float result = -e / (e + 2.0f);
  return std::bit_cast<float>((std::bit_cast<int32_t>(result) & 0x7fffffff) | (bits ^ magnitude));
}

}  // namespace pact::quant
