#include "quant/clip.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"

namespace pact::quant {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Clip, IsEquationOne) {
  for (const float alpha : {0.5f, 6.0f, 10.0f})
    for (int i = -400; i <= 400; ++i) {
      const float x = static_cast<float>(i) * 0.0625f;
      ASSERT_EQ(clip(x, alpha), 0.5f * (std::fabs(x) - std::fabs(x - alpha) + alpha)) << x << " " << alpha;
    }
  EXPECT_EQ(clip(-0.0f, 1.0f), 0.0f);
  EXPECT_EQ(clip(kInfinity, 1.0f), 1.0f);
  EXPECT_EQ(clip(-kInfinity, 1.0f), 0.0f);
  EXPECT_EQ(clip(std::numeric_limits<float>::quiet_NaN(), 1.0f), 0.0f);
}

TEST(Clip, CodeIsNearbyintOfTheQuotientAndThatOfTheGrid) {
  constexpr uint64_t kSeed = 3;
  for (uint64_t trial = 0; trial < 2000; ++trial) {
    Random random(kSeed, trial);
    const float alpha = static_cast<float>(std::exp(random.uniform(-20.0, 20.0)));
    const int bits = 1 + static_cast<int>(random.below(8));
    const Grid grid = clip_grid(alpha, bits);
    SCOPED_TRACE(fmt::format("seed {}, trial {}, alpha {}, bits {}", kSeed, trial, alpha, bits));
    for (int i = 0; i < 50; ++i) {
      const float x = alpha * static_cast<float>(random.uniform(-0.5, 1.5));
      const float code = clip_code(x, alpha, grid.step);
      ASSERT_EQ(code, std::nearbyint(std::fmin(std::fmax(x, 0.0f), alpha) / grid.step)) << x;
      ASSERT_EQ(code, static_cast<float>(grid.code_of(x))) << x;
    }
    // At alpha, and just beside it, the quotient is within rounding of 2^bits - 1, whatever was lost.
    for (const float x : {std::nextafter(alpha, 0.0f), alpha, std::nextafter(alpha, kInfinity), kInfinity}) {
      ASSERT_EQ(clip_code(x, alpha, grid.step), static_cast<float>(grid.max_code())) << x;
      ASSERT_EQ(grid.code_of(x), grid.max_code()) << x;
    }
  }
}

TEST(Clip, TiesGoToTheEvenCode) {
  for (int bits = 1; bits <= 8; ++bits) {
    const int last = (1 << bits) - 1;
    const float alpha = static_cast<float>(last) * 0.25f;  // step 1/4, so that every tie is exact
    const float step = clip_step(alpha, bits);
    ASSERT_EQ(step, 0.25f);
    for (int code = 0; code < last; ++code) {
      const float tie = (static_cast<float>(code) + 0.5f) * step;
      const float expected = static_cast<float>(code % 2 == 0 ? code : code + 1);
      EXPECT_EQ(clip_code(tie, alpha, step), expected);
      EXPECT_EQ(clip_code(std::nextafter(tie, 0.0f), alpha, step), static_cast<float>(code));
      EXPECT_EQ(clip_code(std::nextafter(tie, kInfinity), alpha, step), static_cast<float>(code + 1));
    }
  }
}

}  // namespace
}  // namespace pact::quant
