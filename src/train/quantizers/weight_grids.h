// Weight quantizers whose grid follows from the weights: forward exactly quant/weights.h, backward straight
// through the rounding, times a slope where the scheme has one.
#pragma once

#include <memory>
#include <span>

#include "train/quantizers/catalog.h"

namespace pact::train {

// dw = dq * slope, of the shape of the weights; undefined: 1. Statistics of the tensor count as constants.
using Slope = at::Tensor (*)(const at::Tensor& weight, std::span<const quant::WeightGrid> grids);

std::unique_ptr<WeightQuantizer> make_grid_weights(quant::WeightScheme scheme, Slope slope = nullptr);

// One number of each grid, shaped to broadcast along the outputs of `weight`.
at::Tensor along_outputs(const at::Tensor& weight, std::span<const quant::WeightGrid> grids,
                         float quant::WeightGrid::*number);

}  // namespace pact::train
