#include "quant/weights.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/strings.h"
#include "base/words.h"
#include "quant/blocks.h"
#include "quant/tanh.h"
#include "quant/weight_schemes/choose.h"

namespace pact::quant {

namespace {

constexpr WeightSchemeEntry kEntries[] = {
#define PACT_WEIGHT_SCHEME(name, grid, least, most, learned, otherwise, source)                  \
  {WeightScheme::name,      #name,        source, GridKind::grid, least, most, Learned::learned, \
   WeightScheme::otherwise, choose_##name},
#include "quant/weight_schemes.inc"
#undef PACT_WEIGHT_SCHEME
};

// Smaller weights count as zero, so that no step or scale leaves the normal numbers.
constexpr double kLeastMagnitude = 0x1p-100;

// Calls part(grid or channel, first element, count) for each of `channels` equal parts.
template <typename Part>
void for_channels(size_t count, size_t channels, const Part& part) {
  PACT_CHECK(channels > 0 && count % channels == 0);
  const size_t each = count / channels;
  for (size_t c = 0; c < channels; ++c) part(c, c * each, each);
}

}  // namespace

std::span<const WeightSchemeEntry> weight_schemes() { return kEntries; }

const WeightSchemeEntry& entry_of(WeightScheme scheme) { return kEntries[static_cast<size_t>(scheme)]; }

std::string_view name_of(WeightScheme scheme) { return entry_of(scheme).name; }

WeightScheme weight_scheme_of(std::string_view name) {
  for (const WeightSchemeEntry& entry : kEntries)
    if (name == entry.name) return entry.scheme;
  fail("{}", unknown_name("weight scheme", name, weight_scheme_names()));
}

std::vector<std::string> weight_scheme_names() {
  std::vector<std::string> names;
  for (const WeightSchemeEntry& entry : kEntries) names.emplace_back(entry.name);
  return names;
}

GridKind grid_kind_of(WeightScheme scheme) { return entry_of(scheme).grid; }

WeightGrid choose_weight_grid(WeightScheme scheme, int bits, std::span<const float> weights, float step) {
  const WeightSchemeEntry& entry = entry_of(scheme);
  WeightGrid result;
  result.scheme = scheme;
  result.grid = {entry.grid, bits, 1.0f};
  require_valid(result.grid);
  if (!entry.has(bits))
    fail("the weight scheme '{}' has {}{}, not {}", entry.name,
         entry.least_bits == entry.most_bits ? "" : fmt::format("{} to ", entry.least_bits),
         counted(entry.most_bits, "bit"), bits);
  const Moments moments = moments_of(weights);
  if (!std::isfinite(moments.mean_magnitude))
    fail("the weights hold NaN or infinity, so there is no grid for them; has training diverged?");

  if (entry.learned == Learned::step) {
    result.grid.step = step;
    require_valid(result.grid);
    result.limit = result.grid.value_of(result.grid.max_code());
    return result;
  }
  entry.choose(result, weights, moments);
  if (moments.max_magnitude < kLeastMagnitude) result.scale = result.limit = 1.0f;
  // limit = (max_code - offset) step; the step is still 1 here.
  result.grid.step = result.limit / result.grid.value_of(result.grid.max_code());
  require_valid(result.grid);
  return result;
}

std::vector<WeightGrid> choose_weight_grids(WeightScheme scheme, int bits, std::span<const float> weights,
                                            size_t channels, std::span<const float> steps) {
  const bool learns = entry_of(scheme).learned == Learned::step;
  if (learns && steps.size() != channels)
    fail("the weight scheme '{}' needs {} learned steps, and has {}", name_of(scheme), channels,
         steps.size());
  std::vector<WeightGrid> grids;
  for_channels(weights.size(), channels, [&](size_t c, size_t at, size_t count) {
    grids.push_back(choose_weight_grid(scheme, bits, weights.subspan(at, count), learns ? steps[c] : 0.0f));
  });
  return grids;
}

void transform_weights(const WeightGrid& grid, std::span<const float> weights, std::span<float> out) {
  PACT_CHECK(weights.size() == out.size());
  const float scale = grid.scale;
  if (grid.transform == Transform::tanh) {
    map_blocks(weights.size(), weights.data(), out.data(), [scale](float w) { return tanh_of(w) * scale; });
  } else {
    map_blocks(weights.size(), weights.data(), out.data(), [scale](float w) { return w * scale; });
  }
}

void quantize_weights(const WeightGrid& grid, std::span<const float> weights, std::span<int16_t> codes) {
  PACT_CHECK(weights.size() == codes.size());
  std::array<float, 1024> values;
  for (size_t begin = 0; begin < weights.size(); begin += values.size()) {
    const size_t count = std::min(values.size(), weights.size() - begin);
    const std::span<float> part = std::span(values).first(count);
    transform_weights(grid, weights.subspan(begin, count), part);
    codes_of(grid.grid, part, codes.subspan(begin, count));
  }
}

void quantize_weights(std::span<const WeightGrid> grids, std::span<const float> weights,
                      std::span<int16_t> codes) {
  for_channels(weights.size(), grids.size(), [&](size_t c, size_t at, size_t count) {
    quantize_weights(grids[c], weights.subspan(at, count), codes.subspan(at, count));
  });
}

}  // namespace pact::quant
