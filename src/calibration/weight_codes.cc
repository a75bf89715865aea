#include "calibration/weight_codes.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/strings.h"
#include "quant/grid.h"

namespace pact::calibration {
namespace {

double squared_error(const quant::Grid& grid, std::span<const float> weights) {
  double sum = 0;
  for (const float weight : weights) {
    const double d = static_cast<double>(weight) - static_cast<double>(grid.value_of(grid.code_of(weight)));
    sum += d * d;
  }
  return sum;
}

float best_step(quant::Grid grid, std::span<const float> weights) {
  constexpr int kTrials = 100;
  float largest = 0.0f;
  for (const float weight : weights) {
    if (!std::isfinite(weight)) fail("its weights hold NaN or infinity");
    largest = std::max(largest, std::fabs(weight));
  }
  const float outermost = static_cast<float>(grid.max_code());
  if (!(largest / outermost >= 0x1p-100f)) return 1.0f;
  float best = largest / outermost;
  double least = INFINITY;
  for (int trial = kTrials; trial >= 1; --trial) {
    grid.step = largest * static_cast<float>(trial) / kTrials / outermost;
    const double error = squared_error(grid, weights);
    if (error < least) least = error, best = grid.step;
    if (error > 4 * least) break;  // from here on nearly all is clipped
  }
  return best;
}

}  // namespace

std::string_view name_of(Granularity granularity) {
  return granularity == Granularity::channel ? "channel" : "tensor";
}

Granularity granularity_of(std::string_view name) {
  if (name == "channel") return Granularity::channel;
  if (name == "tensor") return Granularity::tensor;
  fail("{}", unknown_name("granularity", name, {"channel", "tensor"}));
}

passes::WeightCodes choose_codes(const graph::Tensor& weight, int bits, Granularity granularity) {
  passes::WeightCodes chosen{{.kind = quant::GridKind::symmetric, .bits = bits},
                             graph::Tensor::zeros(graph::DataType::i8, weight.shape),
                             {}};
  quant::require_valid(chosen.grid);
  const std::span<const float> weights = weight.as<float>();
  const std::span<int8_t> codes = chosen.codes.as<int8_t>();
  const size_t parts = granularity == Granularity::channel ? static_cast<size_t>(weight.shape[0]) : 1;
  const size_t size = weights.size() / parts;
  std::vector<int16_t> part_codes(size);
  for (size_t part = 0; part < parts; ++part) {
    const std::span<const float> own = weights.subspan(part * size, size);
    quant::Grid grid = chosen.grid;
    grid.step = best_step(grid, own);
    quant::codes_of(grid, own, part_codes);
    std::ranges::transform(part_codes, codes.begin() + static_cast<ptrdiff_t>(part * size),
                           [](int16_t code) { return static_cast<int8_t>(code); });
    if (granularity == Granularity::channel)
      chosen.steps.push_back(grid.step);
    else
      chosen.grid.step = grid.step;
  }
  return chosen;
}

}  // namespace pact::calibration
