// Activation quantizers that clip at one level a layer: PACT learns it, DoReFa fixes it at 1.
#pragma once

#include "train/quantizers/catalog.h"

namespace pact::train {

std::unique_ptr<ActivationQuantizer> make_pact();
std::unique_ptr<ActivationQuantizer> make_dorefa_clip();

// Smallest level that training keeps; below it the step would underflow the products with it.
inline constexpr float kLeastAlpha = 1e-3f;

// The quantizer by itself, fused forward and backward (kernels/clip_quantize): q(x) for a level that is a
// scalar tensor; gradients by the straight-through estimator (PACT, equation 3).
at::Tensor clip_quantize(const at::Tensor& x, const at::Tensor& level, int bits);

}  // namespace pact::train
