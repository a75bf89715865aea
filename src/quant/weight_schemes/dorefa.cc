// Zhou et al. 2016: tanh, scaled by its largest magnitude, on [-1, 1]. With 1 bit, sign(w) E|w|.
#include "quant/tanh.h"
#include "quant/weight_schemes/choose.h"

namespace pact::quant {

void choose_dorefa(WeightGrid& grid, std::span<const float>, const Moments& moments) {
  if (grid.grid.bits == 1) {
    grid.limit = static_cast<float>(moments.mean_magnitude);
    return;
  }
  grid.transform = Transform::tanh;
  grid.scale = 1.0f / tanh_of(static_cast<float>(moments.max_magnitude));
}

}  // namespace pact::quant
