#include "train/quantizers/catalog.h"

namespace pact::train {

std::unique_ptr<WeightQuantizer> make_weight_quantizer(const std::string& name) {
  using Make = std::unique_ptr<WeightQuantizer> (*)();
  static constexpr Make kMakers[] = {
#define PACT_WEIGHT_SCHEME(name, ...) make_##name##_weights,
#include "quant/weight_schemes.inc"
#undef PACT_WEIGHT_SCHEME
  };
  return kMakers[static_cast<size_t>(quant::weight_scheme_of(name))]();
}

std::unique_ptr<ActivationQuantizer> make_activation_quantizer(const std::string& name) {
  using Make = std::unique_ptr<ActivationQuantizer> (*)();
  static constexpr Make kMakers[] = {
#define PACT_ACTIVATION_SCHEME(name, ...) make_##name##_activations,
#include "quant/activation_schemes.inc"
#undef PACT_ACTIVATION_SCHEME
  };
  return kMakers[static_cast<size_t>(quant::activation_scheme_of(name).scheme)]();
}

}  // namespace pact::train
