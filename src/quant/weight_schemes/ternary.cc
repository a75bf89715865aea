// Ternary weight networks (Li et al. 2016): 0 up to the threshold, beyond it the mean magnitude there with
// its sign,
//   threshold = 0.7 E|w|,   alpha_w = E(|w| where |w| > threshold)
// A grid of step alpha_w rounds to zero up to alpha_w / 2; so the weights are scaled by alpha_w / (2
// threshold).
#include <cmath>

#include "quant/weight_schemes/choose.h"

namespace pact::quant {

void choose_ternary(WeightGrid& grid, std::span<const float> weights, const Moments& moments) {
  const auto threshold = static_cast<float>(0.7 * moments.mean_magnitude);
  double sum = 0.0;
  size_t count = 0;
  for (const float w : weights)
    if (std::fabs(w) > threshold) sum += static_cast<double>(std::fabs(w)), ++count;
  if (count == 0) return;  // all zero
  grid.limit = static_cast<float>(sum / static_cast<double>(count));
  grid.scale = grid.limit / (2.0f * threshold);
}

}  // namespace pact::quant
