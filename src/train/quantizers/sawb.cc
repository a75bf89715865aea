// SAWB (Choi et al. 2019) and its form with a zero level: the gradient passes through, also outside the clip
// level
// ("SAWB+"), so that a clipped weight can come back.
#include "train/quantizers/catalog.h"
#include "train/quantizers/weight_grids.h"

namespace pact::train {

std::unique_ptr<WeightQuantizer> make_sawb_weights() { return make_grid_weights(quant::WeightScheme::sawb); }
std::unique_ptr<WeightQuantizer> make_symmetric_weights() {
  return make_grid_weights(quant::WeightScheme::symmetric);
}

}  // namespace pact::train
