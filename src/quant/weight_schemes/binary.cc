// XNOR-Net's binary weights (Rastegari et al. 2016): sign(w) E|w|, the least squared error of two levels
// +-alpha.
#include "quant/weight_schemes/choose.h"

namespace pact::quant {

void choose_binary(WeightGrid& grid, std::span<const float>, const Moments& moments) {
  grid.limit = static_cast<float>(moments.mean_magnitude);
}

}  // namespace pact::quant
