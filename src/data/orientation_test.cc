#include "data/orientation.h"

#include <gtest/gtest.h>

#include "base/caught.h"
#include "base/random.h"
#include "data/jpeg_decoder.h"
#include "data/resample.h"
#include "data/synthetic_photo.h"

namespace pact::data {
namespace {

std::string number(uint32_t value, int bytes, bool is_big_endian) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * (is_big_endian ? bytes - 1 - i : i));
  return text;
}

// An EXIF segment's data as cameras write it: the orientation behind another entry.
std::string exif(int orientation, bool is_big_endian = false) {
  const auto n = [&](uint32_t value, int bytes) { return number(value, bytes, is_big_endian); };
  return std::string("Exif\0\0", 6) + (is_big_endian ? "MM" : "II") + n(42, 2) + n(8, 4) + n(2, 2) +
         n(0x010f, 2) + n(2, 2) + n(5, 4) + n(38, 4) +  // the maker, whose name is behind
         n(0x0112, 2) + n(3, 2) + n(1, 4) + n(static_cast<uint32_t>(orientation), 2) + n(0, 2) + n(0, 4) +
         "PACT";
}

// `jpeg` with a segment of `data` behind its first two bytes.
std::string with_app1(const std::string& jpeg, const std::string& data) {
  return jpeg.substr(0, 2) + "\xff\xe1" + number(static_cast<uint32_t>(data.size()) + 2, 2, true) + data +
         jpeg.substr(2);
}

Image clockwise(const Image& from) {
  Image to{{from.shape.width, from.shape.height, from.shape.channels}, {}};
  for (int y = 0; y < to.shape.height; ++y)
    for (int x = 0; x < to.shape.width; ++x)
      for (int c = 0; c < to.shape.channels; ++c)
        to.pixels.push_back(from.pixels[static_cast<size_t>(
            ((from.shape.height - 1 - x) * from.shape.width + y) * from.shape.channels + c)]);
  return to;
}

Image mirrored(const Image& from) {
  Image to = from;
  const int width = from.shape.width, channels = from.shape.channels;
  for (int y = 0; y < from.shape.height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        to.pixels[static_cast<size_t>((y * width + x) * channels + c)] =
            from.pixels[static_cast<size_t>((y * width + width - 1 - x) * channels + c)];
  return to;
}

// What a viewer does, in quarter turns and a mirror.
Image as_shown(const Image& stored, int orientation) {
  constexpr int kTurns[] = {0, 0, 0, 2, 2, 1, 1, 3, 3};
  Image image = stored;
  for (int i = 0; i < kTurns[orientation]; ++i) image = clockwise(image);
  const bool is_mirrored = orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7;
  return is_mirrored ? mirrored(image) : image;
}

TEST(Orientation, ReadsBothByteOrders) {
  for (int number = 1; number <= 8; ++number)
    for (const bool is_big_endian : {false, true})
      EXPECT_EQ(orientation_number(exif(number, is_big_endian)), number);
  EXPECT_EQ(orientation_number(exif(0)), 1);
  EXPECT_EQ(orientation_number(exif(9)), 1);
}

TEST(Orientation, DecodesAsAViewerShows) {
  for (const int channels : {1, 3}) {
    const std::string bytes = encode_jpeg(synthetic_photo(21, 34, 3));
    const Image stored = decode_jpeg(bytes, "x.jpg", channels);
    for (int number = 1; number <= 8; ++number) {
      const Image shown = decode_jpeg(with_app1(bytes, exif(number)), "x.jpg", channels);
      const Image expected = as_shown(stored, number);
      EXPECT_EQ(shown.shape, expected.shape) << number;
      EXPECT_EQ(shown.pixels, expected.pixels) << number;
    }
  }
}

// A part is chosen in the shown picture, whatever is stored, at any scale.
TEST(Orientation, APartIsThatOfTheShownPicture) {
  Random random(5);
  int scaled = 0;
  for (int round = 0; round < 80; ++round) {
    const int number = 1 + round % 8;
    const int height = 16 * (2 + static_cast<int>(random.below(10))),
              width = 16 * (2 + static_cast<int>(random.below(10)));
    const std::string bytes = encode_jpeg(synthetic_photo(height, width, static_cast<uint64_t>(round)));
    const Image whole = as_shown(decode_jpeg(bytes, "x.jpg", 3), number);
    const int shown_height = whole.shape.height, shown_width = whole.shape.width;
    const double w = random.uniform(5, shown_width), h = random.uniform(5, shown_height);
    const Region region{random.uniform(0, shown_width - w), random.uniform(0, shown_height - h), w, h};
    const ImageShape to{6 + static_cast<int>(random.below(40)), 6 + static_cast<int>(random.below(40)), 3};
    const auto choose = [&](int there_height, int there_width) {
      EXPECT_EQ(there_height, shown_height);
      EXPECT_EQ(there_width, shown_width);
      return region;
    };
    const ImagePart part =
        decode_jpeg_part(with_app1(bytes, exif(number, round % 2 == 0)), "x.jpg", choose, to);
    std::vector<uint8_t> from_part(to.pixels()), from_whole(to.pixels());
    resample(part.image, part.region, to, Mirror::no, from_part);
    resample(whole, region, to, Mirror::no, from_whole);
    const bool is_scaled = part.region.width < 0.9 * w;
    scaled += is_scaled;
    int worst = 0;
    for (size_t i = 0; i < from_whole.size(); ++i)
      worst = std::max(worst, std::abs(from_part[i] - from_whole[i]));
    // At a scale of libjpeg's the pixels differ a little; a part of another place would differ by far more.
    EXPECT_LE(worst, is_scaled ? 40 : 0) << "round " << round << ", orientation " << number;
  }
  EXPECT_GT(scaled, 10);
}

// Whatever stands there instead, the picture is as stored.
TEST(Orientation, DamagedNotesAreNone) {
  const std::string whole = exif(6, true);
  constexpr size_t kNeeded = 6 + 8 + 2 + 12 + 10;  // up to the number itself
  for (size_t length = 0; length <= whole.size(); ++length)
    EXPECT_EQ(orientation_number(whole.substr(0, length)), length < kNeeded ? 1 : 6) << length;
  std::string far = whole;
  far[10] = '\xff';  // where the directory is
  EXPECT_EQ(orientation_number(far), 1);
  std::string other = whole;
  other[6 + 8 + 2 + 12 + 3] = 4;  // the type
  EXPECT_EQ(orientation_number(other), 1);
  Random random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 3; ++i)
      bytes[6 + random.below(bytes.size() - 6)] = static_cast<char>(random.below(256));
    const int number = orientation_number(std::string(bytes.data(), random.below(bytes.size() + 1)));
    EXPECT_TRUE(number >= 1 && number <= 8);
  }
  const std::string jpeg = encode_jpeg(synthetic_photo(16, 24, 1));
  for (const std::string& notes :
       {std::string("http://ns.adobe.com/xap/1.0/"), std::string("Exif"), std::string(60000, 'x')})
    EXPECT_EQ(decode_jpeg(with_app1(jpeg, notes), "x.jpg", 3).shape, (ImageShape{16, 24, 3}));
}

}  // namespace
}  // namespace pact::data
