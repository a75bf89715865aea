#include "quant/learned.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/strings.h"
#include "quant/moments.h"

namespace pact::quant {

std::string_view name_of(Learned learned) {
  switch (learned) {
    case Learned::nothing:
      return "";
    case Learned::level:
      return "alpha";
    case Learned::step:
      return "step";
  }
  return "?";
}

std::string_view name_of(Granularity granularity) {
  return granularity == Granularity::tensor ? "tensor" : "channel";
}

Granularity granularity_of(std::string_view name) {
  for (const Granularity granularity : {Granularity::tensor, Granularity::channel})
    if (name == name_of(granularity)) return granularity;
  fail("{}", unknown_name("granularity", name, {"tensor", "channel"}));
}

float starting_step(const Grid& grid, std::span<const float> values) {
  const double step =
      2.0 * moments_of(values).mean_magnitude / std::sqrt(static_cast<double>(grid.max_code()));
  return std::max(static_cast<float>(step), kLeastStep);
}

}  // namespace pact::quant
