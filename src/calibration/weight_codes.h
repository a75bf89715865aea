// Weights of a trained layer as codes on symmetric grids, without training: a step for each output channel,
// whose weights may differ in size by orders of magnitude once a batch norm is folded in, or one for all.
#pragma once

#include <string_view>

#include "graph/tensor.h"
#include "passes/lower/grids.h"

namespace pact::calibration {

enum class Granularity { channel, tensor };
std::string_view name_of(Granularity granularity);
Granularity granularity_of(std::string_view name);  // throws Error on an unknown name

// Codes of `weight` [O, ...] with 2 to 8 bits. Each step has the least squared error among 100 levels up to
// the largest magnitude. Channels of zeros get the step 1. Throws Error on NaN and infinity.
passes::WeightCodes choose_codes(const graph::Tensor& weight, int bits, Granularity granularity);

}  // namespace pact::calibration
