// The quantizers that training knows. Each is one small module of this folder and a line in catalog.cc; the
// arithmetic of a weight scheme itself lives in quant/weights.h, where lowering finds the same.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/torch.h"

namespace pact::train {

// Differentiable weight quantization: float32 weights -> values on the scheme's grid, same shape, float32.
class WeightQuantizer {
 public:
  virtual ~WeightQuantizer() = default;
  virtual at::Tensor quantize(const at::Tensor& weight, int bits) const = 0;
};

// Differentiable activation quantization. Schemes that clip at a level run fused with the normalisation
// before them where there is one, so all that a scheme has to say is its level.
class ActivationQuantizer {
 public:
  virtual ~ActivationQuantizer() = default;
  // The clipping level as a scalar tensor; `parameter` is the learned one, undefined for schemes without.
  virtual at::Tensor level(const at::Tensor& parameter) const = 0;
};

struct WeightQuantizerEntry {
  std::string name, source;
  std::unique_ptr<WeightQuantizer> (*make)();
};
struct ActivationQuantizerEntry {
  std::string name, source;
  std::unique_ptr<ActivationQuantizer> (*make)();
};

const std::vector<WeightQuantizerEntry>& weight_quantizers();
const std::vector<ActivationQuantizerEntry>& activation_quantizers();
std::unique_ptr<WeightQuantizer> make_weight_quantizer(const std::string& name);          // throws Error
std::unique_ptr<ActivationQuantizer> make_activation_quantizer(const std::string& name);  // throws Error

}  // namespace pact::train
