// The quantizers that training knows: a module of this folder for each, which says what happens in the
// backward pass. Which schemes there are, with their bits and sources, is said in quant/weight_schemes.inc
// and quant/activation_schemes.inc; their arithmetic is in `quant`, where lowering finds the same.
#pragma once

#include <memory>
#include <string>

#include "quant/weights.h"
#include "train/quantizers/clip.h"
#include "train/torch.h"

namespace pact::train {

struct WeightForm {
  int bits = 8;
  quant::Granularity granularity = quant::Granularity::tensor;
};

// Numbers that learn, and the same where the host can read them: themselves, or a copy of those on a GPU.
struct Numbers {
  Numbers() = default;
  Numbers(at::Tensor of_cpu) : live(of_cpu), here(std::move(of_cpu)) {}
  Numbers(at::Tensor on_gpu, at::Tensor copy) : live(std::move(on_gpu)), here(std::move(copy)) {}
  at::Tensor live, here;
};

// Differentiable weight quantization.
class WeightQuantizer {
 public:
  virtual ~WeightQuantizer() = default;
  // float32 weights [O,...] -> values on the scheme's grid, same shape, float32. `learned` is the step [] or
  // [O], undefined for schemes without.
  virtual at::Tensor quantize(const Numbers& weight, const Numbers& learned,
                              const WeightForm& form) const = 0;
};

// Differentiable activation quantization. All schemes clip and round, fused with the normalisation before
// them where there is one; so all that a scheme has to say is its clip.
class ActivationQuantizer {
 public:
  virtual ~ActivationQuantizer() = default;
  // On the grid `form` (kind and bits), of an activation with `features` elements an image; `learned` is the
  // number [] or [C], where the host can read it, undefined for schemes without.
  virtual Clip clip(const quant::Grid& form, const at::Tensor& learned, int64_t features) const = 0;
};

std::unique_ptr<WeightQuantizer> make_weight_quantizer(const std::string& name);          // throws Error
std::unique_ptr<ActivationQuantizer> make_activation_quantizer(const std::string& name);  // throws Error

#define PACT_WEIGHT_SCHEME(name, ...) std::unique_ptr<WeightQuantizer> make_##name##_weights();
#include "quant/weight_schemes.inc"
#undef PACT_WEIGHT_SCHEME

#define PACT_ACTIVATION_SCHEME(name, ...) std::unique_ptr<ActivationQuantizer> make_##name##_activations();
#include "quant/activation_schemes.inc"
#undef PACT_ACTIVATION_SCHEME

}  // namespace pact::train
