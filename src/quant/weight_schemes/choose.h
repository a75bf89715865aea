// The functions behind WeightSchemeEntry::choose, one for each line of weight_schemes.inc.
#pragma once

#include "quant/weights.h"

namespace pact::quant {

#define PACT_WEIGHT_SCHEME(name, ...) \
  void choose_##name(WeightGrid& grid, std::span<const float> weights, const Moments& moments);
#include "quant/weight_schemes.inc"
#undef PACT_WEIGHT_SCHEME

// alpha_w of SAWB's formula for grids that are `odd` or have a zero level; 2 bits or more.
double sawb_level(const Grid& grid, const Moments& moments);

}  // namespace pact::quant
