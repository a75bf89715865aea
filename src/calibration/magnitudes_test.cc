#include "calibration/magnitudes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace pact::calibration {
namespace {

TEST(Magnitudes, CountsEveryValueInItsBinWhateverTheOrder) {
  std::vector<float> values;
  Random random(3);
  for (int i = 0; i < 5000; ++i)
    values.push_back(static_cast<float>(random.uniform() * random.uniform() - 0.3));
  values[17] = values[99] = 0.0f;
  values.back() = -23.5f;  // makes the range grow, several times over
  Magnitudes magnitudes;
  for (size_t i = 0; i < values.size(); i += 1000) magnitudes.add(std::span(values).subspan(i, 1000));

  EXPECT_EQ(magnitudes.count(), 5000);
  EXPECT_EQ(magnitudes.zeros(), 2);
  EXPECT_EQ(magnitudes.largest(), 23.5);
  const std::vector<int64_t>& bins = magnitudes.bins();
  ASSERT_EQ(bins.size(), Magnitudes::kBins);
  EXPECT_EQ(std::accumulate(bins.begin(), bins.end(), int64_t{0}), 4998);
  std::vector<int64_t> expected(bins.size(), 0);
  for (const float value : values)
    if (value != 0.0f)
      ++expected[static_cast<size_t>(std::ceil(std::fabs(static_cast<double>(value)) / magnitudes.width()) -
                                     1)];
  int64_t moved = 0;  // a value on an edge may fall to either side
  for (size_t i = 0; i < bins.size(); ++i) moved += std::abs(bins[i] - expected[i]);
  EXPECT_LE(moved, 4);
}

TEST(Magnitudes, ZerosAloneMakeNoBins) {
  Magnitudes magnitudes;
  magnitudes.add(std::vector<float>(10, 0.0f));
  EXPECT_EQ(magnitudes.zeros(), 10);
  EXPECT_TRUE(magnitudes.bins().empty());
}

TEST(Magnitudes, RefuseWhatIsNotFinite) {
  Magnitudes magnitudes;
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    EXPECT_THROW(magnitudes.add(std::vector<float>{1.0f, value}), Error);
}

}  // namespace
}  // namespace pact::calibration
