#include "calibration/level.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"

namespace pact::calibration {
namespace {

// Magnitudes of a standard normal distribution, by Box and Muller.
std::vector<float> half_normal(int count) {
  std::vector<float> values;
  Random random(11);
  for (int i = 0; i < count; ++i)
    values.push_back(static_cast<float>(std::fabs(std::sqrt(-2 * std::log(1 - random.uniform())) *
                                                  std::cos(2 * 3.14159265358979 * random.uniform()))));
  return values;
}

double error_of(const std::vector<float>& values, double level, int largest_code) {
  const double step = level / largest_code;
  double sum = 0;
  for (const float value : values) {
    const double x = static_cast<double>(value);
    const double d = x - step * std::min(std::nearbyint(x / step), static_cast<double>(largest_code));
    sum += d * d;
  }
  return sum / static_cast<double>(values.size());
}

TEST(Level, IsThatOfLeastSquaredErrorAmongAllValues) {
  const std::vector<float> values = half_normal(5000);
  Magnitudes magnitudes;
  magnitudes.add(values);
  for (const int bits : {2, 4, 6, 8}) {
    const int largest_code = (1 << bits) - 1;
    const float level = choose_level(magnitudes, largest_code, Range::mse, 1.0);
    double least = 1e9;
    for (int i = 1; i <= 200; ++i)
      least = std::min(least, error_of(values, magnitudes.largest() * i / 200, largest_code));
    EXPECT_LE(error_of(values, double{level}, largest_code), least * 1.02) << bits;
    EXPECT_NEAR(squared_error(magnitudes, double{level}, largest_code),
                error_of(values, double{level}, largest_code), least * 0.1)
        << bits;
  }
  // Fewer levels clip more: with 2 bits the optimum of a half-normal distribution lies near 1.95 deviations.
  EXPECT_NEAR(choose_level(magnitudes, 3, Range::mse, 1.0), 1.95, 0.2);
}

TEST(Level, MaxAndPercentileAreWhatTheySay) {
  std::vector<float> values;
  for (int i = 1; i <= 1000; ++i) values.push_back(static_cast<float>(i) / 100.0f);
  values.resize(5000, 0.0f);  // zeros count for nothing
  Magnitudes magnitudes;
  magnitudes.add(values);
  EXPECT_FLOAT_EQ(choose_level(magnitudes, 255, Range::max, 1.0), 10.0f);
  EXPECT_NEAR(choose_level(magnitudes, 255, Range::percentile, 0.9), 9.0f, 0.01);
  EXPECT_FLOAT_EQ(choose_level(magnitudes, 255, Range::percentile, 1.0), 10.0f);
}

TEST(Level, OfNothingIsOne) {
  Magnitudes magnitudes;
  magnitudes.add(std::vector<float>(4, 0.0f));
  for (const std::string& name : range_names())
    EXPECT_EQ(choose_level(magnitudes, 15, range_of(name), 0.5), 1.0f);
  EXPECT_THROW(range_of("msx"), Error);
}

}  // namespace
}  // namespace pact::calibration
