#include "data/shapes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "data/figures.h"

namespace pact::data {
namespace {

// FNV-1a, to compare many bytes with one number.
uint64_t hash_of(const std::vector<uint8_t>& bytes) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3ull;
  return hash;
}

TEST(Shapes, HasTheSizesAskedFor) {
  const TrainTest set = load_dataset("shapes:train=30,test=20,seed=5");
  EXPECT_EQ(set.train.name, "shapes:train=30,test=20,seed=5");
  EXPECT_EQ(set.train.count(), 30u);
  EXPECT_EQ(set.test.count(), 20u);
  EXPECT_EQ(set.train.pixels.size(), 30u * 3072);
  EXPECT_EQ(set.train.image, (ImageShape{32, 32, 3}));
  EXPECT_EQ(set.train.classes.size(), 10u);
  EXPECT_EQ(set.train.normalization.mean, (std::vector<double>{128, 128, 128}));
  EXPECT_EQ(load_shapes("train=30", Part::train).test.count(), 0u);
  EXPECT_EQ(load_shapes("test=30", Part::test).train.count(), 0u);
  EXPECT_EQ(load_shapes("", Part::test).test.count(), 4000u);
}

TEST(Shapes, IsBalanced) {
  const Dataset set = load_shapes("train=500", Part::train).train;
  std::vector<int> of_class(10);
  for (const uint16_t label : set.labels) ++of_class.at(label);
  EXPECT_EQ(of_class, std::vector<int>(10, 50));
}

TEST(Shapes, AnImageDependsOnSeedPartAndIndexOnly) {
  const TrainTest set = load_shapes("train=40,test=40", Part::both);
  const Dataset larger = load_shapes("train=100", Part::train).train;
  EXPECT_TRUE(std::ranges::equal(set.train.pixels, std::span(larger.pixels).first(set.train.pixels.size())));
  EXPECT_NE(set.train.pixels, set.test.pixels);
  EXPECT_NE(set.test.pixels, load_shapes("test=40,seed=2", Part::test).test.pixels);
  EXPECT_EQ(set.test.pixels, load_shapes("test=40,seed=1", Part::test).test.pixels);
  for (size_t i = 10; i < 40; ++i)
    EXPECT_FALSE(std::ranges::equal(set.train.pixels_of(i), set.train.pixels_of(i - 10)));
}

// Measured results name this data set: its bytes may not change unnoticed.
TEST(Shapes, IsTheSameOnEveryMachine) {
  EXPECT_EQ(hash_of(load_shapes("train=200", Part::train).train.pixels), 2667773527301171685u);
}

TEST(Shapes, RefusesBadOptions) {
  for (const char* options : {"size=3", "train", "train=", "train=x", "train=0", "train=-1", "test=1000001",
                              "seed=-1", "train=10,", "train=10,,test=10", "train=1.5", "train=10 "}) {
    EXPECT_THROW(load_shapes(options, Part::both), Error) << options;
  }
}

// Negative somewhere, never further out than the drawing looks, and no steeper than a distance is.
TEST(Figures, AreDistances) {
  for (const Figure& figure : figures()) {
    int inside = 0;
    constexpr float kStep = 0.01f;
    for (float y = -2; y < 2; y += kStep) {
      for (float x = -2; x < 2; x += kStep) {
        const float d = figure.distance({x, y});
        if (d < 0) {
          ++inside;
          EXPECT_LT(x * x + y * y, 1.4f * 1.4f) << figure.name;
        }
        EXPECT_LE(std::abs(figure.distance({x + kStep, y}) - d), 1.01f * kStep) << figure.name;
        EXPECT_LE(std::abs(figure.distance({x, y + kStep}) - d), 1.01f * kStep) << figure.name;
      }
    }
    const double area = inside * double{kStep} * double{kStep};
    EXPECT_GT(area, 0.8) << figure.name;
    EXPECT_LT(area, 2.6) << figure.name;
  }
}

}  // namespace
}  // namespace pact::data
