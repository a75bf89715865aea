#include "accelerator/schedule.h"

#include <gtest/gtest.h>

#include <limits>

namespace pact::accelerator {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

TEST(Schedule, IsTheSumOfComputingWithoutALimit) {
  const auto ends = schedule({{7, 1000, 50, 60, 70}, {3, 10, 1, 1, 1}}, kNoLimit);
  EXPECT_DOUBLE_EQ(ends[0], 1000);
  EXPECT_DOUBLE_EQ(ends[1], 1010);
}

TEST(Schedule, LoadsAheadAndStoresBehind) {
  // Four pieces of 10 cycles; each loads for 4 cycles and stores for 2.
  const auto ends = schedule({{4, 40, 8, 8, 8}}, 1);
  EXPECT_DOUBLE_EQ(ends[0], 4 + 40 + 2);
  // Moving takes longer than computing: the bus is never idle but while the first piece is computed ...
  EXPECT_DOUBLE_EQ(schedule({{4, 4, 20, 20, 0}}, 1)[0], 40 + 1);
  // ... and one piece has nothing to overlap with.
  EXPECT_DOUBLE_EQ(schedule({{1, 40, 8, 8, 8}}, 1)[0], 16 + 40 + 8);
}

TEST(Schedule, WeightsOfTheNextLayerComeEarlyItsInputsDoNot) {
  const auto weights = schedule({{1, 100, 0, 0, 0}, {1, 10, 50, 0, 0}}, 1);
  EXPECT_DOUBLE_EQ(weights[1], 110);
  const auto inputs = schedule({{1, 100, 0, 0, 5}, {1, 10, 0, 50, 0}}, 1);
  EXPECT_DOUBLE_EQ(inputs[1], 100 + 5 + 50 + 10);
}

}  // namespace
}  // namespace pact::accelerator
