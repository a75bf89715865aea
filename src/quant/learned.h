// What the schemes of weights and activations have in common: the number that they learn, and how many of it.
#pragma once

#include <span>
#include <string_view>

#include "quant/grid.h"

namespace pact::quant {

// The parameter of a quantizer, the second input of its node in a graph.
enum class Learned {
  nothing,
  level,  // alpha, the outermost level: a clipping level
  step,   // the step itself
};

// The end of the parameter's name: "alpha", "step"; "" where nothing is learned.
std::string_view name_of(Learned learned);

// One grid for a tensor, or one for each channel: of weights the outputs (first extent), of activations the
// second extent.
enum class Granularity { tensor, channel };

std::string_view name_of(Granularity granularity);  // "tensor", "channel"
Granularity granularity_of(std::string_view name);  // throws Error on an unknown name

// Smallest step that training keeps, and that a start may have.
inline constexpr float kLeastStep = 1e-6f;

// Where a learned step starts (Esser et al. 2020, section 2.1): 2 E|v| / sqrt(largest code), at least
// kLeastStep. The step of `grid` does not matter. Values that are all zero, or none, give kLeastStep.
float starting_step(const Grid& grid, std::span<const float> values);

}  // namespace pact::quant
