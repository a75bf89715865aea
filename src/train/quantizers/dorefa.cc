// DoReFa-Net (Zhou et al. 2016). Weights: dw = dq * scale * (1 - tanh(w)^2), the largest magnitude counting
// as a constant; with 1 bit dw = dq. Activations: a clip at 1 that learns nothing.
#include "train/quantizers/catalog.h"
#include "train/quantizers/weight_grids.h"

namespace pact::train {
namespace {

at::Tensor slope_of_tanh(const at::Tensor& weight, std::span<const quant::WeightGrid> grids) {
  if (grids[0].transform == quant::Transform::none) return {};
  const at::Tensor t = weight.tanh();
  return (1 - t * t) * along_outputs(weight, grids, &quant::WeightGrid::scale);
}

class DorefaClip : public ActivationQuantizer {
 public:
  Clip clip(const quant::Grid& form, const at::Tensor& learned, int64_t) const override {
    return make_clip(quant::ActivationScheme::dorefa, form, learned, {ClipRule::Gradient::of_clip});
  }
};

}  // namespace

std::unique_ptr<WeightQuantizer> make_dorefa_weights() {
  return make_grid_weights(quant::WeightScheme::dorefa, slope_of_tanh);
}
std::unique_ptr<ActivationQuantizer> make_dorefa_activations() { return std::make_unique<DorefaClip>(); }

}  // namespace pact::train
