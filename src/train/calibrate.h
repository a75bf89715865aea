// Starting levels for PACT from data: the alpha that quantizes one batch with the least squared error. A
// level of 10, right for training from scratch, would leave a trained network with one or two used codes at 2
// bits.
#pragma once

#include <span>

#include "train/executor.h"

namespace pact::train {

// The alpha of least squared error of `values` on an unsigned grid of `bits` bits; values below 0 count as 0.
float best_alpha(std::span<const float> values, int bits);

// Sets the alpha of every activation quantizer that learns one. Runs the batch in `mode` with activations
// unquantized.
void calibrate(const Executor& executor, Parameters& parameters, const at::Tensor& pixels, Mode mode);

}  // namespace pact::train
