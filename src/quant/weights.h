// Weight quantizers as plain arithmetic: from the float weights of one tensor to its grid and codes. Training
// runs these in its forward pass and lowering takes its integers from them, so the two cannot disagree.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quant/grid.h"

namespace pact::quant {

// With 1 bit dorefa and sawb are both sign(w) * E|w|.
enum class WeightScheme {
  dorefa,     // Zhou et al. 2016: tanh, scaled by its largest magnitude; odd grid on [-1, 1]
  sawb,       // Choi et al. 2019: clip level from the first two moments; odd grid
  symmetric,  // the same kind of statistic for grids that have a zero level; 2 bits or more
};

std::string_view name_of(WeightScheme scheme);
WeightScheme weight_scheme_of(std::string_view name);  // throws Error on an unknown name
std::vector<std::string> weight_scheme_names();
GridKind grid_kind_of(WeightScheme scheme);

// How a tensor of weights meets its grid: code = grid.code_of(u), u = transform(w) * scale, where the
// transform is tanh for DoReFa of 2 bits or more and the identity otherwise.
struct WeightGrid {
  WeightScheme scheme = WeightScheme::sawb;
  Grid grid;
  float scale = 1.0f;  // applied after the transform (DoReFa: 1 / tanh(max|w|); else 1)
  float limit = 1.0f;  // the outermost level, alpha_w: a larger |u| is clipped
};

// The grid that `scheme` chooses for these weights, by the formulas of docs/number_format.md. Weights that
// are all zero (below 2^-100) get limit 1. Throws Error on bits that the scheme does not have and on NaN or
// infinite weights.
WeightGrid choose_weight_grid(WeightScheme scheme, int bits, std::span<const float> weights);

// u for each weight: the value before rounding. `out` has the size of `weights` and does not overlap it.
void transform_weights(const WeightGrid& grid, std::span<const float> weights, std::span<float> out);

// Codes of all weights; `codes` has the size of `weights`. (Codes of an odd grid of 8 bits do not fit int8.)
void quantize_weights(const WeightGrid& grid, std::span<const float> weights, std::span<int16_t> codes);

}  // namespace pact::quant
