// Ternary weight networks (Li et al. 2016): the gradient passes through threshold and scale alike.
#include "train/quantizers/catalog.h"
#include "train/quantizers/weight_grids.h"

namespace pact::train {

std::unique_ptr<WeightQuantizer> make_ternary_weights() {
  return make_grid_weights(quant::WeightScheme::ternary);
}

}  // namespace pact::train
