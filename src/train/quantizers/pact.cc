// PACT (Choi et al. 2018, equation 3): only what is clipped tells alpha anything.
#include "train/quantizers/catalog.h"

namespace pact::train {
namespace {

class Pact : public ActivationQuantizer {
 public:
  Clip clip(const quant::Grid& form, const at::Tensor& learned, int64_t) const override {
    return make_clip(quant::ActivationScheme::pact, form, learned, {ClipRule::Gradient::of_clip});
  }
};

}  // namespace

std::unique_ptr<ActivationQuantizer> make_pact_activations() { return std::make_unique<Pact>(); }

}  // namespace pact::train
