#include "quant/requantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"

namespace pact::quant {
namespace {

__extension__ using Wide = __int128;

constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();
constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

int32_t any_accumulator(Random& random) {
  const uint64_t word = random.bits();
  return static_cast<int32_t>(static_cast<uint32_t>(word)) >> (word >> 59);
}

// round_half_even(numerator / 2^shift) by comparing remainders.
Wide slow_shift(Wide numerator, int shift) {
  const Wide denominator = Wide{1} << shift;
  Wide quotient = numerator / denominator;
  if (quotient * denominator > numerator) --quotient;  // to floor
  const Wide twice_rest = 2 * (numerator - quotient * denominator);
  if (twice_rest > denominator || (twice_rest == denominator && quotient % 2 != 0)) ++quotient;
  return quotient;
}

TEST(Requantize, RealFormRoundsEveryOperationToFloat) {
  constexpr uint64_t kSeed = 6;
  Random random(kSeed);
  for (int i = 0; i < 100000; ++i) {
    const int32_t accumulator = any_accumulator(random);
    const float multiplier = static_cast<float>(std::exp(random.uniform(-20.0, 2.0)));
    const float bias = static_cast<float>(random.normal());
    const float shortcut = static_cast<float>(random.normal());
    // Products of floats are exact in double, and a sum rounded to double first rounds to the same float.
    const float scaled = static_cast<float>(static_cast<double>(static_cast<float>(accumulator)) *
                                            static_cast<double>(multiplier));
    const float z = static_cast<float>(static_cast<double>(scaled) + static_cast<double>(bias));
    const float sum = static_cast<float>(static_cast<double>(z) + static_cast<double>(shortcut));
    ASSERT_EQ(scale_accumulator(accumulator, multiplier, bias), z) << "seed " << kSeed;
    ASSERT_EQ(scale_accumulator(accumulator, multiplier, bias, shortcut), sum) << "seed " << kSeed;
    const Grid grid{GridKind::unsigned_, 1 + static_cast<int>(random.below(8)), 0.37f};
    const float position = std::nearbyint(z / grid.step);
    const float code = std::fmin(std::fmax(position, 0.0f), static_cast<float>(grid.max_code()));
    ASSERT_EQ(static_cast<float>(requantize(accumulator, multiplier, bias, grid)), code) << "seed " << kSeed;
  }
}

TEST(Requantize, TiesGoToTheEvenCode) {
  const Grid grid{GridKind::unsigned_, 4, 2.0f};
  for (int code = 0; code < 15; ++code) {
    const int expected = code % 2 == 0 ? code : code + 1;
    EXPECT_EQ(requantize(2 * code + 1, 1.0f, 0.0f, grid), expected);
    EXPECT_EQ(requantize(2 * code + 1, FixedPoint{1, 0, 1}, grid), expected);
  }
}

TEST(Requantize, ShiftEqualsExactArithmetic) {
  constexpr uint64_t kSeed = 7;
  Random random(kSeed);
  constexpr int64_t kEdges[] = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), -1,
                                0, 1};
  for (int shift = 0; shift <= 62; ++shift) {
    const auto expect_same = [&](int64_t x) {
      ASSERT_TRUE(shift_half_even(x, shift) == slow_shift(x, shift)) << fmt::format("{} >> {}", x, shift);
    };
    for (const int64_t edge : kEdges) expect_same(edge);
    for (int i = 0; i < 1000; ++i) {
      expect_same(static_cast<int64_t>(random.bits()) >> random.below(64));
      if (shift == 0) continue;
      // Near a tie: an odd multiple of half, and its neighbours.
      const int64_t half = int64_t{1} << (shift - 1);
      const int64_t tie = (static_cast<int64_t>(random.bits()) >> shift | 1) * half;
      for (const int64_t x : {tie - 1, tie, tie + 1, -tie}) expect_same(x);
    }
  }
}

TEST(Requantize, FixedFormEqualsExactArithmetic) {
  constexpr uint64_t kSeed = 8;
  for (uint64_t trial = 0; trial < 20000; ++trial) {
    Random random(kSeed, trial);
    const int multiplier_bits = 2 + static_cast<int>(random.below(30));
    const double multiplier = std::ldexp(random.uniform(-1.0, 1.0), 1 - static_cast<int>(random.below(60)));
    const double bias = std::ldexp(random.normal(), static_cast<int>(random.below(30)) - 15);
    SCOPED_TRACE(fmt::format("seed {}, trial {}: {} {} {}", kSeed, trial, multiplier, bias, multiplier_bits));
    const FixedPoint fixed = to_fixed_point(multiplier, bias, multiplier_bits);
    ASSERT_GE(fixed.shift, 0);
    ASSERT_LE(fixed.shift, 62);
    ASSERT_LT(std::abs(int64_t{fixed.multiplier}), int64_t{1} << multiplier_bits);
    ASSERT_LE(std::abs(fixed.bias), int64_t{1} << 62);
    // Nearest for this shift, and no larger shift would have done.
    const long double unit = std::ldexp(1.0L, -fixed.shift);
    ASSERT_LE(std::fabs(fixed.multiplier * unit - static_cast<long double>(multiplier)), unit / 2);
    ASSERT_LE(std::fabs(static_cast<long double>(fixed.bias) * unit - static_cast<long double>(bias)),
              unit / 2);
    if (fixed.shift < 62) {
      const bool is_multiplier_full = std::fabs(std::nearbyint(std::ldexp(multiplier, fixed.shift + 1))) >=
                                      std::ldexp(1.0, multiplier_bits);
      const bool is_bias_full = std::fabs(std::ldexp(bias, fixed.shift + 1)) >= 0x1p61;
      ASSERT_TRUE(is_multiplier_full || is_bias_full);
    }

    const GridKind kind = random.below(2) == 0 ? GridKind::unsigned_ : GridKind::symmetric;
    const Grid grid{kind, 2 + static_cast<int>(random.below(7)), 1.0f};
    for (const int32_t accumulator : {any_accumulator(random), any_accumulator(random), kLeast, kMost, 0}) {
      const Wide sum = Wide{accumulator} * fixed.multiplier + fixed.bias;
      Wide code = slow_shift(sum, fixed.shift);
      if (code < grid.min_code()) code = grid.min_code();
      if (code > grid.max_code()) code = grid.max_code();
      ASSERT_EQ(requantize(accumulator, fixed, grid), static_cast<int>(code)) << accumulator;
    }
  }
}

TEST(Requantize, ExtremesOfTheFixedFormDoNotOverflow) {
  const Grid grid{GridKind::symmetric, 8, 1.0f};
  const FixedPoint high{kMost, int64_t{1} << 62, 0};
  const FixedPoint low{-kMost, -(int64_t{1} << 62), 0};
  EXPECT_EQ(requantize(kMost, high, grid), 127);
  EXPECT_EQ(requantize(kLeast, low, grid), -127);
  EXPECT_EQ(requantize(kMost, low, grid), -127);
  EXPECT_EQ(requantize(kLeast, high, grid), 127);
  EXPECT_EQ(requantize(kLeast, FixedPoint{-kMost, int64_t{1} << 62, 0}, grid), 127);
  EXPECT_EQ(requantize(kLeast, FixedPoint{kMost, -(int64_t{1} << 62), 0}, grid), -127);
}

TEST(Requantize, FixedPointExamples) {
  EXPECT_EQ(to_fixed_point(0.75, 0.5, 8), (FixedPoint{192, 128, 8}));
  EXPECT_EQ(to_fixed_point(-0.75, -0.5, 8), (FixedPoint{-192, -128, 8}));
  EXPECT_EQ(to_fixed_point(255.0, 0.0, 8), (FixedPoint{255, 0, 0}));
  // 0.999 rounds up to 2^8 / 2^8, which takes one bit more than there is.
  EXPECT_EQ(to_fixed_point(0.999, 0.0, 8), (FixedPoint{128, 0, 7}));
  EXPECT_EQ(to_fixed_point(0.0, 3.0, 16), (FixedPoint{0, int64_t{3} << 60, 60}));
  EXPECT_EQ(to_fixed_point(0.0, 0.0, 16), (FixedPoint{0, 0, 62}));
  // A multiplier so small that the shift ends first keeps fewer bits.
  EXPECT_EQ(to_fixed_point(0x1p-60, 0.0, 31), (FixedPoint{4, 0, 62}));
  EXPECT_EQ(to_fixed_point(1e-30, 0.0, 31), (FixedPoint{0, 0, 62}));
}

TEST(Requantize, RefusesWhatDoesNotFit) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THROW(to_fixed_point(std::nan(""), 0.0, 16), Error);
  EXPECT_THROW(to_fixed_point(1.0, infinity, 16), Error);
  EXPECT_THROW(to_fixed_point(256.0, 0.0, 8), Error);
  EXPECT_THROW(to_fixed_point(255.7, 0.0, 8), Error);
  EXPECT_THROW(to_fixed_point(1.0, 0x1p62, 8), Error);
  EXPECT_THROW(to_fixed_point(1.0, 0.0, 1), Error);
  EXPECT_THROW(to_fixed_point(1.0, 0.0, 32), Error);
}

}  // namespace
}  // namespace pact::quant
