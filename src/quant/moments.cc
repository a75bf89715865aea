// Lane j sums the elements j, j + 8, ...; the lanes are then added in order. So the sums do not depend on the
// instruction set, and the lanes can stay in registers.
#include "quant/moments.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace pact::quant {

Moments moments_of(std::span<const float> values) {
  constexpr size_t kLanes = 8;
  std::array<double, kLanes> magnitudes{}, squares{};
  std::array<float, kLanes> largest{};
  const auto add = [&](const float* lane) {
    for (size_t j = 0; j < kLanes; ++j) {
      const float magnitude = std::fabs(lane[j]);
      const double wide = static_cast<double>(magnitude);
      magnitudes[j] += wide;
      squares[j] += wide * wide;
      largest[j] = magnitude > largest[j] ? magnitude : largest[j];
    }
  };
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) add(values.data() + i);
  std::array<float, kLanes> rest{};
  std::copy(values.begin() + static_cast<ptrdiff_t>(i), values.end(), rest.begin());
  add(rest.data());

  double magnitude = 0.0, square = 0.0;
  for (size_t j = 0; j < kLanes; ++j) {
    magnitude += magnitudes[j];
    square += squares[j];
  }
  const double count = static_cast<double>(std::max<size_t>(values.size(), 1));
  return {magnitude / count, std::sqrt(square / count),
          static_cast<double>(*std::max_element(largest.begin(), largest.end()))};
}

}  // namespace pact::quant
