#include "quant/grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace pact::quant {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<Grid> all_grids(float step) {
  std::vector<Grid> grids;
  for (const GridKind kind : {GridKind::unsigned_, GridKind::symmetric, GridKind::signed_, GridKind::odd})
    for (int bits = has_signed_codes(kind) ? 2 : 1; bits <= kMaxBits; ++bits)
      grids.push_back({kind, bits, step});
  return grids;
}

std::string describe(const Grid& grid) {
  return fmt::format("{} {} bits, step {}", name_of(grid.kind), grid.bits, grid.step);
}

// The boundary between `code` and the next one, in steps: a multiple of 1/2, exact.
float boundary_above(const Grid& grid, int code) {
  return static_cast<float>(2 * code + 1 - grid.twice_offset()) * 0.5f;
}

// Walks up from the lowest code while the quotient is beyond the boundary, or on it and the next code is
// even.
int slow_code_of(const Grid& grid, float value) {
  const float quotient = value / grid.step;
  int code = grid.min_code();
  while (code < grid.max_code()) {
    const float boundary = boundary_above(grid, code);
    if (!(quotient > boundary || (quotient == boundary && code % 2 != 0))) break;
    ++code;
  }
  return code;
}

TEST(Grid, CodesAndLevels) {
  for (const Grid& grid : all_grids(0.25f)) {
    SCOPED_TRACE(describe(grid));
    const int levels = grid.max_code() - grid.min_code() + 1;
    EXPECT_EQ(levels, (1 << grid.bits) - (grid.kind == GridKind::symmetric ? 1 : 0));
    for (int code = grid.min_code(); code <= grid.max_code(); ++code) {
      const double offset = 0.5 * grid.twice_offset();
      EXPECT_EQ(static_cast<double>(grid.value_of(code)), (code - offset) * 0.25);
      EXPECT_FALSE(grid.kind == GridKind::odd && grid.value_of(code) == 0.0f);
    }
    const float least = grid.kind == GridKind::unsigned_ ? 0.0f : -grid.value_of(grid.max_code());
    EXPECT_EQ(grid.value_of(grid.min_code()), grid.kind == GridKind::signed_ ? least - grid.step : least);
  }
}

TEST(Grid, EveryLevelReturnsToItsCode) {
  Random random(1);
  for (int trial = 0; trial < 200; ++trial) {
    const float step = trial == 0 ? kMinStep : static_cast<float>(std::exp(random.uniform(-80.0, 80.0)));
    for (const Grid& grid : all_grids(step))
      for (int code = grid.min_code(); code <= grid.max_code(); ++code)
        ASSERT_EQ(grid.code_of(grid.value_of(code)), code) << describe(grid);
  }
}

TEST(Grid, TiesAndTheirNeighbours) {
  for (const Grid& grid : all_grids(0.125f)) {
    SCOPED_TRACE(describe(grid));
    for (int code = grid.min_code(); code < grid.max_code(); ++code) {
      const float tie = boundary_above(grid, code) * grid.step;
      EXPECT_EQ(grid.code_of(tie), code % 2 == 0 ? code : code + 1);
      EXPECT_EQ(grid.code_of(std::nextafter(tie, -kInfinity)), code);
      EXPECT_EQ(grid.code_of(std::nextafter(tie, kInfinity)), code + 1);
    }
  }
}

TEST(Grid, TheSignOfTheSmallestNumbersDecidesOnAnOddGrid) {
  for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
    const Grid grid{GridKind::odd, bits, 1.0f};
    for (const float tiny : {std::numeric_limits<float>::denorm_min(), 1e-30f, 1e-9f, 1e-7f}) {
      EXPECT_EQ(grid.value_of(grid.code_of(tiny)), 0.5f);
      EXPECT_EQ(grid.value_of(grid.code_of(-tiny)), -0.5f);
    }
  }
}

TEST(Grid, Extremes) {
  for (const Grid& grid : all_grids(3.0f)) {
    SCOPED_TRACE(describe(grid));
    for (const float large : {kInfinity, std::numeric_limits<float>::max(), 1e10f, 1e3f}) {
      EXPECT_EQ(grid.code_of(large), grid.max_code());
      EXPECT_EQ(grid.code_of(-large), grid.min_code());
    }
    EXPECT_EQ(grid.code_of(std::numeric_limits<float>::quiet_NaN()), grid.min_code());
    EXPECT_EQ(grid.code_of(-0.0f), grid.code_of(0.0f));
  }
}

TEST(Grid, EqualsTheSlowOracle) {
  constexpr uint64_t kSeed = 2;
  for (uint64_t trial = 0; trial < 50; ++trial) {
    Random random(kSeed, trial);
    for (const Grid& grid : all_grids(static_cast<float>(std::exp(random.uniform(-10.0, 3.0))))) {
      SCOPED_TRACE(fmt::format("{}, seed {}, trial {}", describe(grid), kSeed, trial));
      std::vector<float> values(1 + random.below(100));
      for (float& value : values) {
        const double wide = random.normal() * (1 << grid.bits) * static_cast<double>(grid.step);
        value = static_cast<float>(
            random.below(4) == 0 ? std::ldexp(wide, -static_cast<int>(random.below(60))) : wide);
      }
      std::vector<int16_t> codes(values.size());
      codes_of(grid, values, codes);
      for (size_t i = 0; i < values.size(); ++i) {
        ASSERT_EQ(grid.code_of(values[i]), slow_code_of(grid, values[i])) << "value " << values[i];
        ASSERT_EQ(codes[i], grid.code_of(values[i])) << "value " << values[i];
      }
    }
  }
}

TEST(Grid, HalfEvenIsNearbyint) {
  for (int i = -4 * 1000; i <= 4 * 1000; ++i) {
    const float x = static_cast<float>(i) * 0.25f;
    ASSERT_EQ(round_half_even(x), std::nearbyint(x)) << x;
  }
  for (const float x : {4194304.0f, 4194303.5f, 4194302.5f, 0.49999997f, 2.4999998f, 2.5000002f}) {
    EXPECT_EQ(round_half_even(x), std::nearbyint(x)) << x;
    EXPECT_EQ(round_half_even(-x), std::nearbyint(-x)) << x;
  }
}

TEST(Grid, Names) {
  for (const GridKind kind : {GridKind::unsigned_, GridKind::symmetric, GridKind::signed_, GridKind::odd})
    EXPECT_EQ(grid_kind_of(name_of(kind)), kind);
  EXPECT_THROW(grid_kind_of("even"), Error);
}

TEST(Grid, RefusesWhatIsNoGrid) {
  for (const Grid& grid : all_grids(1.0f)) EXPECT_NO_THROW(require_valid(grid));
  EXPECT_THROW(require_valid({GridKind::symmetric, 1, 1.0f}), Error);
  EXPECT_THROW(require_valid({GridKind::signed_, 1, 1.0f}), Error);
  EXPECT_THROW(require_valid({GridKind::odd, 0, 1.0f}), Error);
  EXPECT_THROW(require_valid({GridKind::unsigned_, 9, 1.0f}), Error);
  for (const float step : {0.0f, -1.0f, 1e-40f, kInfinity, std::numeric_limits<float>::quiet_NaN()})
    EXPECT_THROW(require_valid({GridKind::unsigned_, 4, step}), Error) << step;
}

}  // namespace
}  // namespace pact::quant
