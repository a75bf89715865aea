// Where a grid for an activation should end. A far level loses detail, a near one clips: the level of least
// squared error weighs the two (Sung et al. 2015; Banner et al. 2019, ACIQ, who take it from a fitted
// distribution, where we search the histogram itself).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "calibration/magnitudes.h"

namespace pact::calibration {

enum class Range {
  mse,         // the level of least squared error
  max,         // the largest magnitude: nothing is clipped
  percentile,  // the magnitude that a given share of those above 0 does not exceed
};
std::string_view name_of(Range range);
Range range_of(std::string_view name);  // throws Error on an unknown name
std::vector<std::string> range_names();

// The mean squared error, over all values that were added, of rounding magnitudes to the multiples
// 0, 1, ..., `largest_code` of level / largest_code.
double squared_error(const Magnitudes& magnitudes, double level, int largest_code);

// The outermost level for a grid whose largest code is `largest_code`; `share` in (0, 1] is for the
// percentile. An activation that was always 0 gets 1: any level would do.
float choose_level(const Magnitudes& magnitudes, int largest_code, Range range, double share);

}  // namespace pact::calibration
