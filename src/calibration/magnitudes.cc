#include "calibration/magnitudes.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace pact::calibration {

// The first batch sets the width. Later a larger value doubles it, and neighbours are joined in pairs: their
// edges stay edges, so that no count has to be divided.
void Magnitudes::grow(double magnitude) {
  if (bins_.empty()) {
    bins_.assign(kBins, 0);
    width_ = magnitude / kBins;
  }
  while (magnitude > width_ * kBins) {
    for (size_t i = 0; i < kBins / 2; ++i) bins_[i] = bins_[2 * i] + bins_[2 * i + 1];
    std::fill(bins_.begin() + kBins / 2, bins_.end(), 0);
    width_ *= 2;
  }
}

void Magnitudes::add(std::span<const float> values) {
  float largest = 0.0f;
  bool is_finite = true;
  for (const float value : values) {
    is_finite &= std::isfinite(value);
    largest = std::max(largest, std::fabs(value));
  }
  if (!is_finite) fail("its values are not all finite");
  count_ += static_cast<int64_t>(values.size());
  if (largest == 0.0f) {
    zeros_ += static_cast<int64_t>(values.size());
    return;
  }
  grow(static_cast<double>(largest));
  largest_ = std::max(largest_, static_cast<double>(largest));
  const double per_width = 1.0 / width_;
  for (const float value : values) {
    const double magnitude = static_cast<double>(std::fabs(value));
    if (magnitude == 0.0) {
      ++zeros_;
      continue;
    }
    const auto bin = static_cast<size_t>(std::ceil(magnitude * per_width) - 1.0);
    ++bins_[std::min(bin, kBins - 1)];
  }
}

}  // namespace pact::calibration
