// Weight quantizers as plain arithmetic: from the float weights of one tensor to its grids and codes.
// Training runs these in its forward pass and lowering takes its integers from them, so the two cannot
// disagree.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quant/grid.h"
#include "quant/learned.h"
#include "quant/moments.h"

namespace pact::quant {

enum class WeightScheme {
#define PACT_WEIGHT_SCHEME(name, ...) name,
#include "quant/weight_schemes.inc"
#undef PACT_WEIGHT_SCHEME
};

enum class Transform { none, tanh };

// How weights meet their grid: code = grid.code_of(u), u = transform(w) * scale.
struct WeightGrid {
  WeightScheme scheme = WeightScheme::sawb;
  Grid grid;
  Transform transform = Transform::none;
  float scale = 1.0f;  // applied after the transform
  float limit = 1.0f;  // the highest level, alpha_w: a larger u is clipped
};

struct WeightSchemeEntry {
  WeightScheme scheme;
  std::string_view name, source;
  GridKind grid;
  int least_bits, most_bits;
  Learned learned;         // nothing or step
  WeightScheme otherwise;  // of layers with bits that the scheme lacks
  // Sets transform, scale and limit; kind and bits of the grid are there. Unused where the step is learned.
  void (*choose)(WeightGrid& grid, std::span<const float> weights, const Moments& moments);

  bool has(int bits) const { return bits >= least_bits && bits <= most_bits; }
};

std::span<const WeightSchemeEntry> weight_schemes();
const WeightSchemeEntry& entry_of(WeightScheme scheme);
std::string_view name_of(WeightScheme scheme);
WeightScheme weight_scheme_of(std::string_view name);  // throws Error on an unknown name
std::vector<std::string> weight_scheme_names();
GridKind grid_kind_of(WeightScheme scheme);

// The grid that `scheme` chooses for these weights, by the formulas of docs/number_format.md; `step` is the
// learned one of schemes that have it. Weights that are all zero (below 2^-100) get limit 1. Throws Error on
// bits that the scheme does not have, on a step that no grid has, and on NaN or infinite weights.
WeightGrid choose_weight_grid(WeightScheme scheme, int bits, std::span<const float> weights,
                              float step = 0.0f);

// The same for `channels` equal parts of the weights, with a learned step for each: tensors have one part,
// and quantizers of granularity `channel` one for each output.
std::vector<WeightGrid> choose_weight_grids(WeightScheme scheme, int bits, std::span<const float> weights,
                                            size_t channels, std::span<const float> steps = {});

// u for each weight: the value before rounding. `out` has the size of `weights` and does not overlap it.
void transform_weights(const WeightGrid& grid, std::span<const float> weights, std::span<float> out);

// Codes of all weights; `codes` has the size of `weights`. (Codes of an odd grid of 8 bits do not fit int8.)
void quantize_weights(const WeightGrid& grid, std::span<const float> weights, std::span<int16_t> codes);
// The same with a grid for each of `grids.size()` equal parts.
void quantize_weights(std::span<const WeightGrid> grids, std::span<const float> weights,
                      std::span<int16_t> codes);

}  // namespace pact::quant
