// XNOR-Net's binary weights (Rastegari et al. 2016, section 3.1): for the n weights of one scale alpha =
// E|w|,
//   dw = dq * (1 / n + alpha [|w| <= 1])
#include "train/quantizers/catalog.h"
#include "train/quantizers/weight_grids.h"

namespace pact::train {
namespace {

at::Tensor slope_of_sign(const at::Tensor& weight, std::span<const quant::WeightGrid> grids) {
  const double share = static_cast<double>(grids.size()) / static_cast<double>(weight.numel());
  return weight.abs().le(1.0).to(at::kFloat) * along_outputs(weight, grids, &quant::WeightGrid::limit) +
         share;
}

}  // namespace

std::unique_ptr<WeightQuantizer> make_binary_weights() {
  return make_grid_weights(quant::WeightScheme::binary, slope_of_sign);
}

}  // namespace pact::train
