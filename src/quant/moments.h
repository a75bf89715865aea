// Statistics of a tensor, the same bits on every instruction set: lanes over the elements, added in order.
#pragma once

#include <span>

namespace pact::quant {

struct Moments {
  double mean_magnitude = 0.0;
  double root_mean_square = 0.0;
  double max_magnitude = 0.0;
};

// Of no elements all are 0. NaN and infinity show in the mean.
Moments moments_of(std::span<const float> values);

}  // namespace pact::quant
