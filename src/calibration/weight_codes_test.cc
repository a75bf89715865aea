#include "calibration/weight_codes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"

namespace pact::calibration {
namespace {

using graph::Tensor;

// Three output channels of 50 weights, sizes 1, 100 and 0.
Tensor example() {
  std::vector<float> values;
  Random random(5);
  for (int i = 0; i < 150; ++i)
    values.push_back((i < 50 ? 1.0f : i < 100 ? 100.0f : 0.0f) * static_cast<float>(random.uniform() - 0.5));
  return Tensor::of({3, 2, 5, 5}, values);
}

double error_of(const Tensor& weight, const passes::WeightCodes& codes, size_t first, size_t count) {
  const Tensor values = passes::values_of(codes);
  double sum = 0;
  for (size_t i = first; i < first + count; ++i)
    sum += std::pow(static_cast<double>(weight.as<float>()[i] - values.as<float>()[i]), 2.0);
  return sum;
}

TEST(WeightCodes, ChannelsGetStepsOfTheirOwnAndATensorOne) {
  const Tensor weight = example();
  const passes::WeightCodes channels = choose_codes(weight, 8, Granularity::channel);
  ASSERT_EQ(channels.steps.size(), 3u);
  EXPECT_NEAR(channels.steps[0], 0.5 / 127, 0.0005);
  EXPECT_NEAR(channels.steps[1], 50.0 / 127, 0.05);
  EXPECT_EQ(channels.steps[2], 1.0f);
  const passes::WeightCodes tensor = choose_codes(weight, 8, Granularity::tensor);
  EXPECT_TRUE(tensor.steps.empty());
  EXPECT_GT(error_of(weight, tensor, 0, 50), 100 * error_of(weight, channels, 0, 50));
  EXPECT_EQ(error_of(weight, channels, 100, 50), 0.0);
}

TEST(WeightCodes, HaveNoMoreErrorThanTheLargestMagnitudeAsLevel) {
  const Tensor weight = example();
  for (const int bits : {2, 3, 4, 8}) {
    const passes::WeightCodes chosen = choose_codes(weight, bits, Granularity::channel);
    passes::WeightCodes widest = chosen;
    for (size_t o = 0; o < 3; ++o) {
      float largest = 0.0f;
      for (size_t i = o * 50; i < (o + 1) * 50; ++i)
        largest = std::max(largest, std::fabs(weight.as<float>()[i]));
      widest.steps[o] = o == 2 ? 1.0f : largest / static_cast<float>(chosen.grid.max_code());
      for (size_t i = o * 50; i < (o + 1) * 50; ++i)
        widest.codes.as<int8_t>()[i] = static_cast<int8_t>(widest.grid_of(o).code_of(weight.as<float>()[i]));
    }
    EXPECT_LE(error_of(weight, chosen, 0, 150), error_of(weight, widest, 0, 150)) << bits;
  }
}

TEST(WeightCodes, RefuseBitsAndNumbersThatMakeNoGrid) {
  EXPECT_THROW(choose_codes(example(), 1, Granularity::channel), Error);
  EXPECT_THROW(choose_codes(example(), 9, Granularity::channel), Error);
  Tensor broken = example();
  broken.as<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(choose_codes(broken, 8, Granularity::tensor), Error);
  EXPECT_THROW(granularity_of("row"), Error);
}

}  // namespace
}  // namespace pact::calibration
