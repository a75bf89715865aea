#include "quant/tanh.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"

namespace pact::quant {
namespace {

// Distance in units in the last place of the result.
double error_ulp(float x) {
  const long double exact = std::tanh(static_cast<long double>(x));
  const float result = tanh_of(x);
  const float rounded = static_cast<float>(exact);
  const float ulp = std::nextafter(std::fabs(rounded), 2.0f) - std::fabs(rounded);
  return static_cast<double>(std::fabs(static_cast<long double>(result) - exact) /
                             static_cast<long double>(ulp));
}

TEST(Tanh, IsWithinThreeUnitsInTheLastPlace) {
  constexpr uint64_t kSeed = 4;
  Random random(kSeed);
  double worst = 0.0;
  for (int i = 0; i < 500000; ++i) {
    const float x = static_cast<float>(random.below(2) == 0 ? random.uniform(0.0, 10.5)
                                                            : std::exp(random.uniform(-20.0, 2.5)));
    const double error = error_ulp(x);
    ASSERT_LE(error, 3.0) << fmt::format("x {}, seed {}", x, kSeed);
    ASSERT_EQ(tanh_of(-x), -tanh_of(x)) << fmt::format("x {}, seed {}", x, kSeed);
    worst = std::fmax(worst, error);
  }
  RecordProperty("worst_ulp", fmt::format("{:.3f}", worst));
}

TEST(Tanh, Ends) {
  EXPECT_EQ(tanh_of(0.0f), 0.0f);
  EXPECT_FALSE(std::signbit(tanh_of(0.0f)));
  EXPECT_TRUE(std::signbit(tanh_of(-0.0f)));
  for (const float tiny : {std::numeric_limits<float>::denorm_min(), 1e-40f, 1e-30f, 1e-10f})
    EXPECT_EQ(tanh_of(tiny), tiny);
  for (const float large :
       {10.0f, 1e5f, std::numeric_limits<float>::max(), std::numeric_limits<float>::infinity()}) {
    EXPECT_EQ(tanh_of(large), 1.0f);
    EXPECT_EQ(tanh_of(-large), -1.0f);
  }
}

}  // namespace
}  // namespace pact::quant
