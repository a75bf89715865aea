#include "calibration/level.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/strings.h"

namespace pact::calibration {
namespace {

constexpr Range kRanges[] = {Range::mse, Range::max, Range::percentile};

// The error has many small dips, one wherever a bin changes its code, so that a search by slopes would stop
// in one. Levels 4.4 % apart, from the largest magnitude down to a hundredth, then finer ones about the best
// of them.
double least_error_level(const Magnitudes& magnitudes, int largest_code) {
  double best = magnitudes.largest(), least = squared_error(magnitudes, best, largest_code);
  const auto attempt = [&](double level) {
    if (level > magnitudes.largest()) return;
    if (const double error = squared_error(magnitudes, level, largest_code); error < least)
      least = error, best = level;
  };
  for (int i = 1; i <= 106; ++i) attempt(magnitudes.largest() * std::exp2(-i / 16.0));
  const double about = best;
  for (int i = -7; i <= 7; ++i) attempt(about * std::exp2(i / 128.0));
  return best;
}

double percentile_level(const Magnitudes& magnitudes, double share) {
  const double wanted = share * static_cast<double>(magnitudes.count() - magnitudes.zeros());
  double below = 0;
  for (size_t i = 0; i < magnitudes.bins().size(); ++i) {
    below += static_cast<double>(magnitudes.bins()[i]);
    if (below >= wanted)
      return std::min(static_cast<double>(i + 1) * magnitudes.width(), magnitudes.largest());
  }
  return magnitudes.largest();
}

}  // namespace

std::string_view name_of(Range range) {
  switch (range) {
    case Range::mse:
      return "mse";
    case Range::max:
      return "max";
    case Range::percentile:
      return "percentile";
  }
  PACT_CHECK(false);
}

std::vector<std::string> range_names() {
  std::vector<std::string> names;
  for (const Range range : kRanges) names.emplace_back(name_of(range));
  return names;
}

Range range_of(std::string_view name) {
  for (const Range range : kRanges)
    if (name == name_of(range)) return range;
  fail("{}", unknown_name("range", name, range_names()));
}

// A bin counts as values at its middle.
double squared_error(const Magnitudes& magnitudes, double level, int largest_code) {
  const double step = level / largest_code;
  double sum = 0;
  for (size_t i = 0; i < magnitudes.bins().size(); ++i) {
    if (magnitudes.bins()[i] == 0) continue;
    const double value = (static_cast<double>(i) + 0.5) * magnitudes.width();
    const double d = value - step * std::min(std::nearbyint(value / step), static_cast<double>(largest_code));
    sum += static_cast<double>(magnitudes.bins()[i]) * d * d;
  }
  return sum / static_cast<double>(std::max<int64_t>(magnitudes.count(), 1));
}

float choose_level(const Magnitudes& magnitudes, int largest_code, Range range, double share) {
  PACT_CHECK(largest_code >= 1 && share > 0 && share <= 1);
  constexpr float kLeastLevel = 0x1p-100f;  // so that no step leaves the normal numbers
  if (!(magnitudes.largest() > double{kLeastLevel})) return 1.0f;
  double level = magnitudes.largest();
  if (range == Range::mse) level = least_error_level(magnitudes, largest_code);
  if (range == Range::percentile) level = percentile_level(magnitudes, share);
  return std::max(static_cast<float>(level), kLeastLevel);
}

}  // namespace pact::calibration
