// What tests of kernels put among real numbers, and how they compare them.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

namespace pact::kernels {

// What shortcuts may have: beyond integers, infinite, or no number.
inline constexpr float kExtremes[] = {1e30f, -1e30f, std::numeric_limits<float>::infinity(),
                                      -std::numeric_limits<float>::infinity(),
                                      std::numeric_limits<float>::quiet_NaN()};

// NaN is unlike itself.
inline std::vector<uint32_t> bits_of(const std::vector<float>& numbers) {
  std::vector<uint32_t> bits;
  for (const float number : numbers) bits.push_back(std::bit_cast<uint32_t>(number));
  return bits;
}

}  // namespace pact::kernels
