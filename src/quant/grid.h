// The number format: which real values a quantized tensor may take, and how they are coded.
//
// A grid is a set of equally spaced levels: value = (code - offset) * step. Three kinds are in use:
//   unsigned_  code in [0, 2^k - 1], offset 0: activations behind a ReLU (PACT, DoReFa clip)
//   symmetric  code in [-(2^(k-1) - 1), 2^(k-1) - 1], offset 0: has a zero level; weights, signed activations
//   odd        code in [0, 2^k - 1], offset (2^k - 1) / 2: odd multiples of half a step, no zero level
//              (DoReFa and SAWB weights)
// Nothing outside this type special-cases a kind. docs/number_format.md states all of it for users.
#pragma once

#include <cstdint>
#include <string_view>

namespace pact::quant {

inline constexpr int kMinBits = 1;
inline constexpr int kMaxBits = 8;
inline constexpr int kFloatBits = 32;  // "not quantized", where a bit width is asked for

enum class GridKind { unsigned_, symmetric, odd };

std::string_view name_of(GridKind kind);      // "unsigned", "symmetric", "odd"
GridKind grid_kind_of(std::string_view name);  // throws Error on an unknown name

struct Grid {
  GridKind kind = GridKind::unsigned_;
  int bits = 8;      // 1 to 8; a symmetric grid needs at least 2
  float step = 1.0f;  // value of one code, > 0 and finite

  bool operator==(const Grid&) const = default;

  int min_code() const { return kind == GridKind::symmetric ? 1 - (1 << (bits - 1)) : 0; }
  int max_code() const { return kind == GridKind::symmetric ? (1 << (bits - 1)) - 1 : (1 << bits) - 1; }
  // Twice the offset, so that it stays an integer.
  int twice_offset() const { return kind == GridKind::odd ? (1 << bits) - 1 : 0; }

  // The integer 2 * code - twice_offset (odd grid) or code: what a multiplier sees; value = multiplicand * unit().
  int multiplicand(int code) const { return kind == GridKind::odd ? 2 * code - twice_offset() : code; }
  float unit() const { return kind == GridKind::odd ? 0.5f * step : step; }

  float value_of(int code) const { return static_cast<float>(multiplicand(code)) * unit(); }
  // Nearest code, ties to even, values beyond the ends clamped; NaN gives the lowest code.
  int code_of(float value) const;
};

// Throws Error when bits are outside 1..8 (2..8 for a symmetric grid) or the step is not a positive number.
void require_valid(const Grid& grid);

}  // namespace pact::quant
