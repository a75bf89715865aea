// PACT+, as in IBM's FMS Model Optimizer (class PACTplusSTE): PACT whose alpha also hears of the values below
// it. Where code = round(z), z = x / step and step = alpha / n, the level of a value moves with alpha:
//   d y_q / d alpha = (round(z) - z) / n    for 0 < x < alpha, with the straight-through d round(z) / d z = 1
#include "train/quantizers/catalog.h"

namespace pact::train {
namespace {

class PactPlus : public ActivationQuantizer {
 public:
  Clip clip(const quant::Grid& form, const at::Tensor& learned, int64_t) const override {
    return make_clip(quant::ActivationScheme::pact_plus, form, learned, {ClipRule::Gradient::of_rounding});
  }
};

}  // namespace

std::unique_ptr<ActivationQuantizer> make_pact_plus_activations() { return std::make_unique<PactPlus>(); }

}  // namespace pact::train
