// Learned step size quantization (Esser et al. 2020), of weights and activations by one kernel: the step s is
// learned with the gradient
//   d q / d s = round(v / s) - v / s   between the ends,  -Qn below,  Qp above,  times 1 / sqrt(N Qp)
// N being the number of weights that share the step, or of features of an activation (section 2.2).
#include <cmath>

#include "base/error.h"
#include "train/quantizers/catalog.h"

namespace pact::train {
namespace {

ClipRule rule_for(const quant::Grid& form, int64_t count, int64_t steps) {
  const double shared = static_cast<double>(count) / static_cast<double>(steps);
  return {ClipRule::Gradient::of_rounding, 1.0 / std::sqrt(shared * form.max_code())};
}

class LsqActivations : public ActivationQuantizer {
 public:
  Clip clip(const quant::Grid& form, const at::Tensor& learned, int64_t features) const override {
    const int64_t steps = learned.defined() ? learned.numel() : 1;
    return make_clip(quant::ActivationScheme::lsq, form, learned, rule_for(form, features, steps));
  }
};

class LsqWeights : public WeightQuantizer {
 public:
  at::Tensor quantize(const Numbers& weight, const Numbers& learned, const WeightForm& form) const override {
    PACT_CHECK(learned.here.defined());
    const quant::Grid grid{quant::grid_kind_of(quant::WeightScheme::lsq), form.bits, 1.0f};
    const Clip clip = make_clip(quant::ActivationScheme::lsq, grid, learned.here,
                                rule_for(grid, weight.here.numel(), learned.here.numel()));
    return clip_quantize(weight.live, learned.live, clip, ChannelAxis::first);
  }
};

}  // namespace

std::unique_ptr<ActivationQuantizer> make_lsq_activations() { return std::make_unique<LsqActivations>(); }
std::unique_ptr<WeightQuantizer> make_lsq_weights() { return std::make_unique<LsqWeights>(); }

}  // namespace pact::train
