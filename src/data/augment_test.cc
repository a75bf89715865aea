#include "data/augment.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "base/error.h"

namespace pact::data {
namespace {

const Normalization kMeans = {.mean = {124.6, 10, 300}, .std = {64, 64, 64}};
constexpr uint8_t kOutside[] = {125, 10, 255};  // the means, rounded and clamped

std::vector<uint8_t> numbered(const ImageShape& shape) {
  std::vector<uint8_t> image(shape.pixels());
  std::iota(image.begin(), image.end(), uint8_t{1});
  return image;
}

// The slow way: pads, crops and mirrors pixel by pixel, by coordinates in the padded image.
std::vector<uint8_t> slowly(const ImageShape& shape, const std::vector<uint8_t>& image, int dy, int dx,
                            bool mirrored) {
  std::vector<uint8_t> out;
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      const int from_y = y + dy, from_x = (mirrored ? shape.width - 1 - x : x) + dx;
      const bool inside = from_y >= 0 && from_y < shape.height && from_x >= 0 && from_x < shape.width;
      for (int c = 0; c < shape.channels; ++c) {
        out.push_back(inside
                          ? image[static_cast<size_t>((from_y * shape.width + from_x) * shape.channels + c)]
                          : kOutside[c]);
      }
    }
  }
  return out;
}

std::vector<uint8_t> augmented(const Augmentation& how, const ImageShape& shape,
                               const std::vector<uint8_t>& image, uint64_t seed) {
  Random random(seed);
  std::vector<uint8_t> out(image.size(), 77);
  Normalization means = kMeans;
  means.mean.resize(static_cast<size_t>(shape.channels));
  augment(how, shape, means, random, image, out);
  return out;
}

// Every result is one that the slow way gives for some offset, and in many draws each of them comes up.
void expect_all_outcomes(const Augmentation& how, const ImageShape& shape) {
  const std::vector<uint8_t> image = numbered(shape);
  std::set<std::vector<uint8_t>> expected, seen;
  for (int dy = -how.pad; dy <= how.pad; ++dy) {
    for (int dx = -how.pad; dx <= how.pad; ++dx) {
      expected.insert(slowly(shape, image, dy, dx, false));
      if (how.flip == Flip::random) expected.insert(slowly(shape, image, dy, dx, true));
    }
  }
  for (uint64_t seed = 0; seed < 3000; ++seed) seen.insert(augmented(how, shape, image, seed));
  EXPECT_EQ(seen, expected);
}

TEST(Augment, WithoutSettingsCopies) {
  const ImageShape shape{4, 5, 3};
  const std::vector<uint8_t> image = numbered(shape);
  for (uint64_t seed = 0; seed < 20; ++seed) EXPECT_EQ(augmented({}, shape, image, seed), image);
}

TEST(Augment, CropsLikeTheSlowWay) { expect_all_outcomes({.pad = 2, .flip = Flip::never}, {4, 5, 3}); }
TEST(Augment, MirrorsLikeTheSlowWay) { expect_all_outcomes({.pad = 0, .flip = Flip::random}, {4, 5, 3}); }
TEST(Augment, CropsAndMirrorsLikeTheSlowWay) {
  expect_all_outcomes({.pad = 3, .flip = Flip::random}, {4, 5, 3});
  expect_all_outcomes({.pad = 1, .flip = Flip::random}, {3, 3, 1});
}
TEST(Augment, PadMayExceedTheImage) { expect_all_outcomes({.pad = 4, .flip = Flip::random}, {2, 3, 2}); }

TEST(Augment, FlipDoesNotDisturbTheCrop) {
  const ImageShape shape{8, 8, 3};
  const std::vector<uint8_t> image = numbered(shape);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto plain = augmented({.pad = 2, .flip = Flip::never}, shape, image, seed);
    const auto flipped = augmented({.pad = 2, .flip = Flip::random}, shape, image, seed);
    bool same_crop = false;
    for (int dy = -2; dy <= 2; ++dy) {
      for (int dx = -2; dx <= 2; ++dx) {
        if (slowly(shape, image, dy, dx, false) != plain) continue;
        same_crop |= flipped == plain || flipped == slowly(shape, image, dy, dx, true);
      }
    }
    EXPECT_TRUE(same_crop) << seed;
  }
}

TEST(Augment, ChecksItsArguments) {
  const ImageShape shape{4, 4, 3};
  const std::vector<uint8_t> image = numbered(shape);
  std::vector<uint8_t> out(image.size());
  Random random(1);
  EXPECT_THROW(augment({.pad = -1}, shape, kMeans, random, image, out), Error);
  EXPECT_THROW(augment({}, shape, {}, random, image, out), Error);
  EXPECT_THROW(augment({}, {4, 5, 3}, kMeans, random, image, out), Error);
}

}  // namespace
}  // namespace pact::data
