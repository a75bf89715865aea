#include "quant/inverse.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/random.h"

namespace pact::quant {
namespace {

float float_of(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

// The proof by neighbours of ties, checked on all floats between two levels.
TEST(ExactInverse, GivesTheCodesOfTheDivisionForAllFloats) {
  const Grid grid{GridKind::unsigned_, 3, 0.3f};
  const Inverse inverse = exact_inverse(grid);
  ASSERT_TRUE(inverse);
  uint32_t first, last;
  const float low = 0.9f, high = 1.3f;
  std::memcpy(&first, &low, sizeof(first));
  std::memcpy(&last, &high, sizeof(last));
  for (uint32_t bits = first; bits <= last; ++bits) {
    const float z = float_of(bits);
    ASSERT_EQ(grid.whole_code(quotient_by_inverse(z, inverse)), grid.code_of(z)) << z;
  }
}

TEST(ExactInverse, HoldsForNearlyAllSteps) {
  Random random(1);
  int refused = 0;
  constexpr int kSteps = 300;
  for (int i = 0; i < kSteps; ++i) {
    const auto mantissa = static_cast<uint32_t>(random.below(1u << 23));
    const Grid grid{
        i % 2 ? GridKind::unsigned_ : GridKind::symmetric, 8,
        std::ldexp(1.0f + static_cast<float>(mantissa) * 0x1p-23f, static_cast<int>(random.below(40)) - 20)};
    const Inverse inverse = exact_inverse(grid);
    if (!inverse) {
      ++refused;
      continue;
    }
    for (int j = 0; j < 2000; ++j) {
      // Random quotients, half of them close to ties.
      double quotient = random.uniform(-130, 260);
      if (j % 2) quotient = std::floor(quotient) + 0.5;
      float z = static_cast<float>(quotient * static_cast<double>(grid.step));
      for (uint64_t k = random.below(4); k > 0; --k) z = std::nextafter(z, j % 4 < 2 ? 1e30f : -1e30f);
      const float end_low = static_cast<float>(grid.min_code()) * grid.step;
      const float end_high = static_cast<float>(grid.max_code()) * grid.step;
      const float inside = std::fmin(std::fmax(z, end_low), end_high);
      ASSERT_EQ(grid.whole_code(quotient_by_inverse(inside, inverse)), grid.code_of(z))
          << z << " step " << grid.step;
    }
  }
  EXPECT_LT(refused, kSteps / 10);
}

TEST(ExactInverse, RefusesOddGridsAndExtremeSteps) {
  EXPECT_FALSE(exact_inverse({GridKind::odd, 4, 0.3f}));
  EXPECT_FALSE(exact_inverse({GridKind::unsigned_, 4, 0x1p61f}));
  EXPECT_FALSE(exact_inverse({GridKind::unsigned_, 4, 0x1p-61f}));
  EXPECT_EQ(exact_inverse({GridKind::unsigned_, 4, 0.25f}).near, 4.0f);
  EXPECT_EQ(exact_inverse({GridKind::unsigned_, 4, 0.25f}).rest, 0.0f);
}

}  // namespace
}  // namespace pact::quant
