// How large the values of one activation are: a histogram of magnitudes whose range grows with what is added,
// so that one pass over the images is enough and memory does not depend on their number.
//
// Magnitudes do for all grids that activations are calibrated to: behind a ReLU there is nothing else, and a
// symmetric grid treats both signs alike. Zeros are counted apart. They lie on every grid and so say nothing
// of its level.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pact::calibration {

class Magnitudes {
 public:
  static constexpr size_t kBins = 4096;

  // Throws Error on NaN and infinity.
  void add(std::span<const float> values);

  double largest() const { return largest_; }
  int64_t zeros() const { return zeros_; }
  int64_t count() const { return count_; }  // zeros included
  // Bin i counts the magnitudes in (i * width, (i + 1) * width]; empty before the first value but 0.
  const std::vector<int64_t>& bins() const { return bins_; }
  double width() const { return width_; }

 private:
  void grow(double magnitude);

  std::vector<int64_t> bins_;
  double width_ = 0, largest_ = 0;
  int64_t zeros_ = 0, count_ = 0;
};

}  // namespace pact::calibration
