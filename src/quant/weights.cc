// The clip level of SAWB comes from two moments, alpha_w = c1 sqrt(E[w^2]) - c2 E|w|, which are cheap and
// follow the shape of the distribution. tools/fit_sawb.py makes the coefficients and measures their cost
// against the optimum, for distributions and for samples of them. That led to two departures from the
// formula:
//   - alpha_w stays between the optimum of a uniform distribution of that variance and max|w|. For flat
//     distributions the two terms nearly cancel, and may even leave a negative number.
//   - With 7 and 8 bits the second moment no longer tells where the tails end: the line clips heavy tails too
//     much (up to 3.6 times the least error in the tool's samples) and max|w| is too wide for large tensors
//     (2.6 times). Their geometric mean stays within 1.4 times; up to 5 bits the line alone is better, with 6
//     it is for large tensors.
#include "quant/weights.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/strings.h"
#include "quant/blocks.h"
#include "quant/tanh.h"

namespace pact::quant {

namespace {

constexpr WeightScheme kSchemes[] = {WeightScheme::dorefa, WeightScheme::sawb, WeightScheme::symmetric};

// Smaller weights count as zero, so that no step or scale leaves the normal numbers.
constexpr float kLeastMagnitude = 0x1p-100f;

struct Coefficients {
  double c1, c2;
};
// For 2 to 8 bits; printed by tools/fit_sawb.py --cpp.
constexpr Coefficients kOdd[] = {{3.125, 2.068},   {7.375, 6.716},   {12.104, 12.060}, {17.110, 17.792},
                                 {22.311, 23.792}, {27.628, 29.984}, {33.014, 36.318}};
constexpr Coefficients kSymmetric[] = {{2.527, 1.615},   {6.946, 6.288},   {11.827, 11.760}, {16.942, 17.604},
                                       {22.214, 23.682}, {27.575, 29.923}, {32.986, 36.285}};

struct Moments {
  double mean_magnitude = 0.0;
  double root_mean_square = 0.0;
  double max_magnitude = 0.0;
};

// Lane j sums the elements j, j + 8, ...; the lanes are then added in order. So the sums do not depend on the
// instruction set, and the lanes can stay in registers. NaN and infinity show in the mean.
Moments moments_of(std::span<const float> weights) {
  constexpr size_t kLanes = 8;
  std::array<double, kLanes> magnitudes{}, squares{};
  std::array<float, kLanes> largest{};
  const auto add = [&](const float* lane) {
    for (size_t j = 0; j < kLanes; ++j) {
      const float magnitude = std::fabs(lane[j]);
      const double wide = static_cast<double>(magnitude);
      magnitudes[j] += wide;
      squares[j] += wide * wide;
      largest[j] = magnitude > largest[j] ? magnitude : largest[j];
    }
  };
  size_t i = 0;
  for (; i + kLanes <= weights.size(); i += kLanes) add(weights.data() + i);
  std::array<float, kLanes> rest{};
  std::copy(weights.begin() + static_cast<ptrdiff_t>(i), weights.end(), rest.begin());
  add(rest.data());

  double magnitude = 0.0, square = 0.0;
  for (size_t j = 0; j < kLanes; ++j) {
    magnitude += magnitudes[j];
    square += squares[j];
  }
  const double count = static_cast<double>(std::max<size_t>(weights.size(), 1));
  return {magnitude / count, std::sqrt(square / count),
          static_cast<double>(*std::max_element(largest.begin(), largest.end()))};
}

// alpha_w for a grid of 2 bits or more.
double clip_level(const Grid& grid, const Moments& moments) {
  const auto [c1, c2] = grid.kind == GridKind::odd ? kOdd[grid.bits - 2] : kSymmetric[grid.bits - 2];
  const double levels = grid.max_code() - grid.min_code() + 1;
  const double line = c1 * moments.root_mean_square - c2 * moments.mean_magnitude;
  const double uniform = std::sqrt(3.0) * (1.0 - 1.0 / levels) * moments.root_mean_square;
  const double alpha = std::min(std::max(line, uniform), moments.max_magnitude);
  return grid.bits < 7 ? alpha : std::sqrt(alpha * moments.max_magnitude);
}

bool has_tanh(const WeightGrid& grid) { return grid.scheme == WeightScheme::dorefa && grid.grid.bits > 1; }

}  // namespace

std::string_view name_of(WeightScheme scheme) {
  switch (scheme) {
    case WeightScheme::dorefa:
      return "dorefa";
    case WeightScheme::sawb:
      return "sawb";
    case WeightScheme::symmetric:
      return "symmetric";
  }
  return "?";
}

WeightScheme weight_scheme_of(std::string_view name) {
  for (const WeightScheme scheme : kSchemes)
    if (name == name_of(scheme)) return scheme;
  fail("{}", unknown_name("weight scheme", name, weight_scheme_names()));
}

std::vector<std::string> weight_scheme_names() {
  std::vector<std::string> names;
  for (const WeightScheme scheme : kSchemes) names.emplace_back(name_of(scheme));
  return names;
}

GridKind grid_kind_of(WeightScheme scheme) {
  return scheme == WeightScheme::symmetric ? GridKind::symmetric : GridKind::odd;
}

WeightGrid choose_weight_grid(WeightScheme scheme, int bits, std::span<const float> weights) {
  WeightGrid result;
  result.scheme = scheme;
  result.grid = {grid_kind_of(scheme), bits, 1.0f};
  require_valid(result.grid);
  const Moments moments = moments_of(weights);
  if (!std::isfinite(moments.mean_magnitude))
    fail("the weights hold NaN or infinity, so there is no grid for them; has training diverged?");

  const bool is_zero = moments.max_magnitude < static_cast<double>(kLeastMagnitude);
  if (has_tanh(result)) {
    if (!is_zero) result.scale = 1.0f / tanh_of(static_cast<float>(moments.max_magnitude));
  } else if (!is_zero) {
    // One bit: E|w| is the optimum, sum (|w| - alpha)^2 -> min.
    const double alpha = bits == 1 ? moments.mean_magnitude : clip_level(result.grid, moments);
    result.limit = static_cast<float>(alpha);
  }
  // limit = (max_code - offset) step; the step is still 1 here.
  result.grid.step = result.limit / result.grid.value_of(result.grid.max_code());
  require_valid(result.grid);
  return result;
}

void transform_weights(const WeightGrid& grid, std::span<const float> weights, std::span<float> out) {
  PACT_CHECK(weights.size() == out.size());
  const float scale = grid.scale;
  if (has_tanh(grid)) {
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

}  // namespace pact::quant
