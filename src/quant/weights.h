// Weight quantizers as plain arithmetic: from the float weights of one tensor to its grid and codes. Training runs
// exactly these in its forward pass and lowering takes its integers from them, so the two cannot disagree.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quant/grid.h"

namespace pact::quant {

enum class WeightScheme {
  dorefa,     // Zhou et al. 2016: tanh, scaled by its largest magnitude; odd grid on [-1, 1]
  sawb,       // Choi et al. 2019: clip level from the first two moments; odd grid
  symmetric,  // the same kind of statistic for grids that have a zero level
};

std::string_view name_of(WeightScheme scheme);
WeightScheme weight_scheme_of(std::string_view name);  // throws Error on an unknown name
std::vector<std::string> weight_scheme_names();
GridKind grid_kind_of(WeightScheme scheme);

// How a tensor of weights meets its grid: u = transform(w) with transform identity, or tanh for DoReFa;
// code = grid.code_of(u * scale).
struct WeightGrid {
  WeightScheme scheme = WeightScheme::sawb;
  Grid grid;
  float scale = 1.0f;  // applied after the transform (DoReFa: 1 / max|tanh w|)
  float limit = 1.0f;  // largest |u * scale| that the grid represents
};

// The grid that `scheme` chooses for these weights. All-zero weights get a grid of step 1 / max_code, never 0.
// Throws Error on bits that the scheme does not have.
WeightGrid choose_weight_grid(WeightScheme scheme, int bits, std::span<const float> weights);

// u * scale for each weight: the value before rounding. `out` has the size of `weights`.
void transform_weights(const WeightGrid& grid, std::span<const float> weights, std::span<float> out);

// Codes of all weights; `codes` has the size of `weights`.
void quantize_weights(const WeightGrid& grid, std::span<const float> weights, std::span<int8_t> codes);

}  // namespace pact::quant
