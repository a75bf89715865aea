#include "data/resample.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "data/channels.h"
#include "data/crop.h"

namespace pact::data {
namespace {

Image noise(const ImageShape& shape, uint64_t seed) {
  Image image{shape, std::vector<uint8_t>(shape.pixels())};
  Random random(seed);
  for (uint8_t& pixel : image.pixels) pixel = static_cast<uint8_t>(random.below(256));
  return image;
}

// Both axes at once, in real numbers, over the whole image.
double exact(const Image& from, const Region& region, const ImageShape& to, int y, int x, int c) {
  const double sy = region.height / to.height, sx = region.width / to.width;
  const double cy = region.top + (y + 0.5) * sy, cx = region.left + (x + 0.5) * sx;
  double sum = 0, weights = 0;
  for (int j = 0; j < from.shape.height; ++j)
    for (int i = 0; i < from.shape.width; ++i) {
      const double wy = std::max(0.0, 1 - std::abs(j + 0.5 - cy) / std::max(1.0, sy));
      const double wx = std::max(0.0, 1 - std::abs(i + 0.5 - cx) / std::max(1.0, sx));
      sum += wy * wx * from.pixels[static_cast<size_t>((j * from.shape.width + i) * from.shape.channels + c)];
      weights += wy * wx;
    }
  return sum / weights;
}

std::vector<uint8_t> resampled(const Image& from, const Region& region, const ImageShape& to,
                               Mirror mirror = Mirror::no) {
  std::vector<uint8_t> out(to.pixels(), 77);
  resample(from, region, to, mirror, out);
  return out;
}

TEST(Resample, IsWithinOneOfTheExactMean) {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    const int channels = round % 2 == 0 ? 3 : 1;
    const ImageShape shape{1 + static_cast<int>(random.below(24)), 1 + static_cast<int>(random.below(24)),
                           channels};
    const ImageShape to{1 + static_cast<int>(random.below(16)), 1 + static_cast<int>(random.below(16)),
                        channels};
    const Image from = noise(shape, static_cast<uint64_t>(round));
    const double w = random.uniform(0.1, shape.width), h = random.uniform(0.1, shape.height);
    const Region region{random.uniform(0, shape.width - w), random.uniform(0, shape.height - h), w, h};
    const std::vector<uint8_t> out = resampled(from, region, to);
    for (int y = 0; y < to.height; ++y)
      for (int x = 0; x < to.width; ++x)
        for (int c = 0; c < channels; ++c)
          ASSERT_NEAR(out[static_cast<size_t>((y * to.width + x) * channels + c)],
                      exact(from, region, to, y, x, c), 1.0)
              << "round " << round;
  }
}

TEST(Resample, TheSameSizeIsTheSameImage) {
  const Image from = noise({7, 9, 3}, 1);
  EXPECT_EQ(resampled(from, {0, 0, 9, 7}, from.shape), from.pixels);
  const std::vector<uint8_t> crop = resampled(from, {2, 1, 4, 5}, {5, 4, 3});
  EXPECT_TRUE(std::equal(crop.begin(), crop.begin() + 12, from.pixels.begin() + (1 * 9 + 2) * 3));
}

TEST(Resample, AMirrorReversesRows) {
  const Image from = noise({11, 13, 3}, 2);
  const ImageShape to{6, 5, 3};
  const Region region{1.3, 0.7, 9.1, 8};
  const auto plain = resampled(from, region, to), mirrored = resampled(from, region, to, Mirror::yes);
  for (size_t y = 0; y < 6; ++y)
    for (size_t x = 0; x < 5; ++x)
      for (size_t c = 0; c < 3; ++c) ASSERT_EQ(mirrored[(y * 5 + x) * 3 + c], plain[(y * 5 + 4 - x) * 3 + c]);
}

TEST(Resample, AFlatImageStaysFlat) {
  const Image from{{300, 1000, 1}, std::vector<uint8_t>(300000, 255)};
  EXPECT_EQ(resampled(from, {0.1, 0.2, 999.9, 299.8}, {7, 3, 1}), std::vector<uint8_t>(21, 255));
  EXPECT_EQ(resampled(from, {999, 299, 1, 1}, {40, 40, 1}), std::vector<uint8_t>(1600, 255));
}

TEST(Resample, ChecksItsArguments) {
  const Image from = noise({4, 4, 3}, 1);
  std::vector<uint8_t> out(27);
  EXPECT_THROW(resample(from, {0, 0, 4, 4}, {3, 3, 1}, Mirror::no, out), Error);
  EXPECT_THROW(resample(from, {0, 0, 0, 4}, {3, 3, 3}, Mirror::no, out), Error);
  EXPECT_THROW(resample(from, {0, 0, 4, 4}, {3, 4, 3}, Mirror::no, out), Error);
}

TEST(Channels, GreyAndColour) {
  const Image grey{{1, 2, 1}, {10, 200}};
  EXPECT_EQ(with_channels(grey, 3).pixels, (std::vector<uint8_t>{10, 10, 10, 200, 200, 200}));
  EXPECT_EQ(with_channels(with_channels(grey, 3), 1).pixels, grey.pixels);
  const Image colours{{1, 3, 3}, {255, 0, 0, 0, 255, 0, 0, 0, 255}};
  EXPECT_EQ(with_channels(colours, 1).pixels, (std::vector<uint8_t>{76, 150, 29}));  // BT.601
}

TEST(Crop, TheMiddleOfTheImage) {
  const Region region = centre_crop(375, 500, 224, 256);
  EXPECT_DOUBLE_EQ(region.width, 375 * 224.0 / 256);
  EXPECT_DOUBLE_EQ(region.height, region.width);
  EXPECT_DOUBLE_EQ(region.left + region.width / 2, 250);
  EXPECT_DOUBLE_EQ(region.top + region.height / 2, 187.5);
}

TEST(Crop, RandomRegionsLieInsideAndKeepTheirLimits) {
  double smallest = 1, largest = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    const Region r = random_resized_crop(300, 400, 0.25, random);
    ASSERT_TRUE(r.left >= 0 && r.top >= 0 && r.left + r.width <= 400 && r.top + r.height <= 300);
    const double share = r.width * r.height / (300 * 400), aspect = r.width / r.height;
    ASSERT_TRUE(share > 0.24 && aspect > 0.73 && aspect < 1.36) << share << " " << aspect;
    smallest = std::min(smallest, share), largest = std::max(largest, share);
    Random other(seed);
    const Region square = random_crop(300, 400, 224, 256, other);
    ASSERT_DOUBLE_EQ(square.width, 300 * 224.0 / 256);
    ASSERT_TRUE(square.left >= 0 && square.top >= 0 && square.left + square.width <= 400 &&
                square.top + square.height <= 300);
  }
  EXPECT_LT(smallest, 0.3);
  EXPECT_GT(largest, 0.9);
}

TEST(Crop, APictureThatNoDrawFitsGivesItsMiddle) {
  Random random(1);
  const Region r = random_resized_crop(10, 1000, 0.5, random);
  EXPECT_NEAR(r.width / r.height, 4.0 / 3, 1e-9);
  EXPECT_DOUBLE_EQ(r.height, 10);
  EXPECT_NEAR(r.left + r.width / 2, 500, 1e-9);
}

}  // namespace
}  // namespace pact::data
