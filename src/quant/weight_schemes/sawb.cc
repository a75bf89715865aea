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
#include <algorithm>
#include <cmath>

#include "quant/weight_schemes/choose.h"

namespace pact::quant {
namespace {

struct Coefficients {
  double c1, c2;
};
// For 2 to 8 bits; printed by tools/fit_sawb.py --cpp.
constexpr Coefficients kOdd[] = {{3.125, 2.068},   {7.375, 6.716},   {12.104, 12.060}, {17.110, 17.792},
                                 {22.311, 23.792}, {27.628, 29.984}, {33.014, 36.318}};
constexpr Coefficients kSymmetric[] = {{2.527, 1.615},   {6.946, 6.288},   {11.827, 11.760}, {16.942, 17.604},
                                       {22.214, 23.682}, {27.575, 29.923}, {32.986, 36.285}};

}  // namespace

double sawb_level(const Grid& grid, const Moments& moments) {
  const auto [c1, c2] = grid.kind == GridKind::odd ? kOdd[grid.bits - 2] : kSymmetric[grid.bits - 2];
  const double levels = grid.max_code() - grid.min_code() + 1;
  const double line = c1 * moments.root_mean_square - c2 * moments.mean_magnitude;
  const double uniform = std::sqrt(3.0) * (1.0 - 1.0 / levels) * moments.root_mean_square;
  const double alpha = std::min(std::max(line, uniform), moments.max_magnitude);
  return grid.bits < 7 ? alpha : std::sqrt(alpha * moments.max_magnitude);
}

// One bit: E|w| is the optimum, sum (|w| - alpha)^2 -> min.
void choose_sawb(WeightGrid& grid, std::span<const float>, const Moments& moments) {
  grid.limit =
      static_cast<float>(grid.grid.bits == 1 ? moments.mean_magnitude : sawb_level(grid.grid, moments));
}

void choose_symmetric(WeightGrid& grid, std::span<const float>, const Moments& moments) {
  grid.limit = static_cast<float>(sawb_level(grid.grid, moments));
}

}  // namespace pact::quant
