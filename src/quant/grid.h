// The number format: which real values a quantized tensor may take, and how they are coded.
//
// A grid is a set of equally spaced levels: value = (code - offset) * step. Four kinds are in use:
//   unsigned_  code in [0, 2^k - 1], offset `zero`: activations behind a ReLU (PACT, DoReFa clip) with zero = 0;
//              others, of networks that other tools quantized, with the code that stands for 0
//   symmetric  code in [-(2^(k-1) - 1), 2^(k-1) - 1], offset 0: has a zero level; weights, signed activations
//   signed_    code in [-2^(k-1), 2^(k-1) - 1], offset 0: one more level below than above (LSQ)
//   odd        code in [0, 2^k - 1], offset (2^k - 1) / 2: odd multiples of half a step, no zero level
//              (DoReFa and SAWB weights)
// Nothing outside this type special-cases a kind. docs/number_format.md states all of it for users.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "quant/rounding.h"

namespace pact::quant {

inline constexpr int kMinBits = 1;
inline constexpr int kMaxBits = 8;
inline constexpr int kFloatBits = 32;  // "not quantized", where a bit width is asked for

// Below it half a step, the unit of an odd grid, would lose bits.
inline constexpr float kMinStep = 0x1p-125f;

enum class GridKind { unsigned_, symmetric, signed_, odd };

std::string_view name_of(GridKind kind);       // "unsigned", "symmetric", "signed", "odd"
GridKind grid_kind_of(std::string_view name);  // throws Error on an unknown name

// Are there codes below 0? Then they are in two's complement.
PACT_HOST_DEVICE constexpr bool has_signed_codes(GridKind kind) {
  return kind == GridKind::symmetric || kind == GridKind::signed_;
}

struct Grid {
  GridKind kind = GridKind::unsigned_;
  int bits = 8;       // 1 to 8; with signed codes at least 2
  float step = 1.0f;  // value of one code: finite and at least kMinStep
  int zero = 0;       // the code of 0 on an unsigned grid, 0 on the others

  bool operator==(const Grid&) const = default;

  PACT_HOST_DEVICE int min_code() const {
    return !has_signed_codes(kind) ? 0 : (kind == GridKind::symmetric ? 1 : 0) - (1 << (bits - 1));
  }
  PACT_HOST_DEVICE int max_code() const { return (1 << (has_signed_codes(kind) ? bits - 1 : bits)) - 1; }
  // Twice the offset, so that it stays an integer.
  PACT_HOST_DEVICE int twice_offset() const { return kind == GridKind::odd ? (1 << bits) - 1 : 2 * zero; }

  // What a multiplier sees: the integer 2 * code - twice_offset (odd grid) or code - zero. value = multiplicand *
  // unit.
  PACT_HOST_DEVICE int multiplicand(int code) const {
    return kind == GridKind::odd ? 2 * code - twice_offset() : code - zero;
  }
  PACT_HOST_DEVICE float unit() const { return kind == GridKind::odd ? 0.5f * step : step; }

  PACT_HOST_DEVICE float value_of(int code) const { return static_cast<float>(multiplicand(code)) * unit(); }
  // code = nearbyint(value / step + offset), ties to even, clamped to the ends; NaN gives the lowest code. With
  // a zero point, nearbyint(value / step) + zero, which is what ONNX rounds. The quotient is one float32
  // division; from there on the result is exact.
  PACT_HOST_DEVICE int code_of(float value) const {
    const float quotient = value / step;
    return kind == GridKind::odd ? odd_code(quotient) : whole_code(quotient);
  }

  // The two halves of code_of, for loops that know the kind.
  PACT_HOST_DEVICE int whole_code(float quotient) const;
  PACT_HOST_DEVICE int odd_code(float quotient) const;
};

// codes[i] = grid.code_of(values[i]), as a vector loop. Both spans have one size.
void codes_of(const Grid& grid, std::span<const float> values, std::span<int16_t> codes);

// Throws Error when bits are outside 1..8 (2..8 with signed codes) or the step is not one of a grid.
void require_valid(const Grid& grid);

PACT_HOST_DEVICE inline int Grid::whole_code(float quotient) const {
  const float low = static_cast<float>(min_code() - zero);
  const float high = static_cast<float>(max_code() - zero);
  const float above = quotient > low ? quotient : low;
  return static_cast<int>(round_half_even(above < high ? above : high)) + zero;
}

// In float32 the sum p + (2^k - 1)/2 would round small quotients p of either sign to the same tie. So, with
// h = 2^(k-1):
//   nearbyint(p + h - 1/2) = floor(p) + h; for whole p the even one of p + h and p + h - 1
PACT_HOST_DEVICE inline int Grid::odd_code(float quotient) const {
  const int half = 1 << (bits - 1);
  const float high = static_cast<float>(half);
  const float above = quotient > -high ? quotient : -high;
  const float inside = above < high ? above : high;
  const int truncated = static_cast<int>(inside);
  const int whole = truncated - static_cast<int>(static_cast<float>(truncated) > inside);
  const int tie = static_cast<int>(static_cast<float>(whole) == inside);
  const int upper = whole + half;
  const int code = upper - (upper & tie);
  const int last = 2 * half - 1;
  return code < last ? code : last;
}

}  // namespace pact::quant
