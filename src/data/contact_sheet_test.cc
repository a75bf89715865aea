#include "data/contact_sheet.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/caught.h"
#include "data/label_font.h"
#include "data/statistics.h"

namespace pact::data {
namespace {

// 2 x 2 grey images of one value each: image i has 10 i.
Dataset numbered(int count) {
  Dataset set;
  set.name = "numbered";
  set.image = {2, 2, 1};
  set.classes = {"even", "odd"};
  set.normalization = {.mean = {0}, .std = {64}};
  for (int i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<uint16_t>(i % 2));
    set.pixels.insert(set.pixels.end(), 4, static_cast<uint8_t>(10 * i));
  }
  return set;
}

TEST(ContactSheet, ShowsEachImageOnceAndEnlarged) {
  const Dataset set = numbered(7);
  const Sheet sheet = make_sheet(set, {.count = 100, .seed = 3, .augmentation = {}});
  EXPECT_EQ(std::set(sheet.indices.begin(), sheet.indices.end()).size(), 7u);
  EXPECT_EQ(sheet.image.shape,
            (ImageShape{3 * 111 + 6, 3 * 102 + 6, 3}));  // three rows and columns of 96 pixels
  for (size_t i = 0; i < 7; ++i) {
    const size_t left = 6 + i % 3 * 102, top = 6 + i / 3 * 111;
    for (const size_t at : {size_t{0}, size_t{95}})
      EXPECT_EQ(
          sheet.image.pixels[((top + at) * static_cast<size_t>(sheet.image.shape.width) + left + at) * 3 + 1],
          10 * sheet.indices[i]);
  }
  EXPECT_EQ(make_sheet(set, {.count = 2, .seed = 3, .augmentation = {}}).indices,
            (std::vector(sheet.indices.begin(), sheet.indices.begin() + 2)));
  EXPECT_NE(make_sheet(set, {.count = 7, .seed = 4, .augmentation = {}}).indices, sheet.indices);
}

TEST(ContactSheet, ShrinksLargeImages) {
  Dataset set;
  set.image = {300, 400, 3};
  set.classes = {"photo"};
  set.normalization = {.mean = {0, 0, 0}, .std = {64, 64, 64}};
  set.labels = {0};
  set.pixels.assign(set.image.pixels(), 200);
  const Sheet sheet = make_sheet(set, {.count = 1, .seed = 1, .augmentation = {}});
  EXPECT_EQ(sheet.image.shape, (ImageShape{120 + 9 + 6 + 6, 160 + 6 + 6, 3}));
  EXPECT_PRED2(contains, caught([] { make_sheet(numbered(0), {}); }), "has no images");
}

TEST(LabelFont, DrawsInsideTheImageOnly) {
  Image image{{9, 12, 3}, std::vector<uint8_t>(9 * 12 * 3, 255)};
  draw_text(image, 0, 0, "I?");
  EXPECT_EQ(image.pixels[2 * 3], 0);  // the serif of I
  EXPECT_EQ(image.pixels[0], 255);    // beside it
  EXPECT_EQ(image.pixels[6 * 3], 0);  // the box in place of what is no letter
  draw_text(image, -3, -3, "W");
  draw_text(image, 9, 6, "gjpqy");
}

TEST(Statistics, CountsAndMeasures) {
  const Statistics s = measure(numbered(5), [](int64_t) {});
  EXPECT_EQ(s.of_class, (std::vector<int64_t>{3, 2}));
  ASSERT_EQ(s.mean.size(), 1u);
  EXPECT_DOUBLE_EQ(s.mean[0], 20);
  EXPECT_DOUBLE_EQ(s.std[0], std::sqrt(200));
}

}  // namespace
}  // namespace pact::data
