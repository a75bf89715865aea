#include "train/schedule.h"

#include <gtest/gtest.h>

namespace pact::train {
namespace {

TEST(Schedule, StepDropsAtItsMilestones) {
  Settings s;
  s.schedule = "step", s.rate = 0.1, s.milestones = {"60", "120"}, s.epochs = 200;
  EXPECT_DOUBLE_EQ(learning_rate(s, 0, 10), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate(s, 599, 10), 0.1);
  EXPECT_NEAR(learning_rate(s, 600, 10), 0.01, 1e-12);
  EXPECT_NEAR(learning_rate(s, 1999, 10), 0.001, 1e-12);
}

TEST(Schedule, WarmUpRisesToTheRate) {
  Settings s;
  s.schedule = "cosine", s.rate = 1, s.warmup = 2, s.epochs = 10;
  EXPECT_DOUBLE_EQ(learning_rate(s, 0, 10), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate(s, 19, 10), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(s, 20, 10), 1.0);
  EXPECT_NEAR(learning_rate(s, 60, 10), 0.5, 1e-12);
  EXPECT_LT(learning_rate(s, 99, 10), 0.001);
}

TEST(Schedule, OneCycleRisesAndFallsAndEndsNearZero) {
  Settings s;
  s.schedule = "one-cycle", s.rate = 0.4, s.warmup = 3, s.epochs = 10;
  EXPECT_DOUBLE_EQ(learning_rate(s, 0, 10), 0.4 / 25);
  EXPECT_DOUBLE_EQ(learning_rate(s, 30, 10), 0.4);
  for (int step = 31; step < 100; ++step)
    EXPECT_LT(learning_rate(s, step, 10), learning_rate(s, step - 1, 10));
  EXPECT_LT(learning_rate(s, 99, 10), 0.002);
  EXPECT_GT(learning_rate(s, 99, 10), 0);
}

}  // namespace
}  // namespace pact::train
