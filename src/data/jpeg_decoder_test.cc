#include "data/jpeg_decoder.h"

#include <gtest/gtest.h>
#include <turbojpeg.h>

#include <algorithm>

#include "base/caught.h"
#include "base/error.h"
#include "base/random.h"
#include "data/resample.h"
#include "data/synthetic_photo.h"

namespace pact::data {
namespace {

// By TurboJPEG, whole, at 1 / denominator.
Image decoded_whole(const std::string& bytes, int channels, int denominator) {
  tjhandle decoder = tjInitDecompress();
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0, height = 0, sampling = 0, colours = 0;
  EXPECT_EQ(tjDecompressHeader3(decoder, data, bytes.size(), &width, &height, &sampling, &colours), 0);
  Image image{{(height + denominator - 1) / denominator, (width + denominator - 1) / denominator, channels},
              {}};
  image.pixels.resize(image.shape.pixels());
  EXPECT_EQ(tjDecompress2(decoder, data, bytes.size(), image.pixels.data(), image.shape.width, 0,
                          image.shape.height, channels == 1 ? TJPF_GRAY : TJPF_RGB, TJFLAG_ACCURATEDCT),
            0);
  tjDestroy(decoder);
  return image;
}

TEST(JpegDecoder, AgreesWithTurboJpeg) {
  for (const Chroma chroma : {Chroma::full, Chroma::half_width, Chroma::half_both})
    for (const int channels : {1, 3}) {
      const std::string bytes = encode_jpeg(synthetic_photo(45, 61, 1), 90, chroma);
      const Image image = decode_jpeg(bytes, "x.jpg", channels);
      EXPECT_EQ(image.shape, (ImageShape{45, 61, channels}));
      EXPECT_EQ(image.pixels, decoded_whole(bytes, channels, 1).pixels);
    }
}

// What is left out changes no pixel that the region needs, at any scale, sampling of colours and place.
TEST(JpegDecoder, APartIsThatOfTheWhole) {
  Random random(7);
  int scaled = 0;
  for (int round = 0; round < 100; ++round) {
    const int height = 20 + static_cast<int>(random.below(200)),
              width = 20 + static_cast<int>(random.below(260));
    const int channels = round % 5 == 0 ? 1 : 3;
    const std::string bytes = encode_jpeg(synthetic_photo(height, width, static_cast<uint64_t>(round)), 85,
                                          static_cast<Chroma>(round % 3), static_cast<Scans>(round % 4 == 0));
    const double w = random.uniform(5, width), h = random.uniform(5, height);
    const Region region{random.uniform(0, width - w), random.uniform(0, height - h), w, h};
    const ImageShape to{4 + static_cast<int>(random.below(60)), 4 + static_cast<int>(random.below(60)),
                        channels};
    const ImagePart part = decode_jpeg_part(
        bytes, "x.jpg", [&](int, int) { return region; }, to);
    int denominator = 8;
    while (denominator > 1 && (w < to.width * denominator || h < to.height * denominator)) denominator /= 2;
    scaled += denominator > 1;
    EXPECT_DOUBLE_EQ(part.region.width, w / denominator);
    std::vector<uint8_t> from_part(to.pixels()), from_whole(to.pixels());
    resample(part.image, part.region, to, Mirror::no, from_part);
    const Region there{region.left / denominator, region.top / denominator, w / denominator, h / denominator};
    resample(decoded_whole(bytes, channels, denominator), there, to, Mirror::no, from_whole);
    ASSERT_EQ(from_part, from_whole) << "round " << round << ", 1/" << denominator;
  }
  EXPECT_GT(scaled, 10);
}

TEST(JpegDecoder, DecodesNoMoreThanARegionNeeds) {
  const std::string bytes = encode_jpeg(synthetic_photo(800, 800, 1));
  const auto part_of = [&](const Region& region, int side) {
    return decode_jpeg_part(bytes, "x.jpg", [&](int, int) { return region; }, {side, side, 3}).image.shape;
  };
  EXPECT_LE(part_of({300, 300, 100, 100}, 100).pixels(), 144u * 144 * 3);
  EXPECT_LE(part_of({0, 0, 800, 800}, 100).pixels(), 100u * 100 * 3);
}

TEST(JpegDecoder, EveryTruncationIsRefused) {
  for (const Scans scans : {Scans::baseline, Scans::progressive}) {
    const std::string whole = encode_jpeg(synthetic_photo(40, 40, 1), 80, Chroma::half_both, scans);
    check_jpeg(whole, "x.jpg", Thoroughness::pixels);
    for (size_t length = 3; length < whole.size() - 2; length += 7) {
      const std::string cut = whole.substr(0, length);
      EXPECT_PRED2(contains, caught([&] { check_jpeg(cut, "x.jpg", Thoroughness::pixels); }),
                   "x.jpg: is a damaged JPEG");
      EXPECT_NE(caught([&] { decode_jpeg(cut, "x.jpg", 3); }), "");
    }
  }
}

// What a file may have beside its pixels is no damage.
TEST(JpegDecoder, BytesBehindTheEndAreLetPass) {
  const std::string bytes = encode_jpeg(synthetic_photo(40, 40, 1));
  EXPECT_EQ(decode_jpeg(bytes + "trailing notes", "x.jpg", 3).pixels, decode_jpeg(bytes, "x.jpg", 3).pixels);
  const std::string stuffed = bytes.substr(0, bytes.size() - 2) + "junk" + bytes.substr(bytes.size() - 2);
  EXPECT_EQ(caught([&] { check_jpeg(stuffed, "x.jpg", Thoroughness::pixels); }), "");
}

TEST(JpegDecoder, RefusesNoiseAndAbsurdSizes) {
  std::string bytes = encode_jpeg(synthetic_photo(16, 16, 1));
  const size_t frame = bytes.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  for (size_t i = 5; i < 9; ++i) bytes[frame + i] = '\xff';  // height and width 65535
  EXPECT_PRED2(contains, caught([&] { decode_jpeg(bytes, "x.jpg", 3); }), "x.jpg");
  EXPECT_PRED2(contains, caught([&] { check_jpeg(bytes, "x.jpg", Thoroughness::header); }), "x.jpg");
  bytes[frame + 5] = bytes[frame + 6] = '\0';
  EXPECT_PRED2(contains, caught([&] { decode_jpeg(bytes, "x.jpg", 3); }), "x.jpg: is a damaged JPEG");
  EXPECT_NE(caught([&] { decode_jpeg("\xff\xd8\xff", "x.jpg", 3); }), "");
}

// Random damage is refused or decoded; the sanitizers watch.
TEST(JpegDecoder, StandsRandomDamage) {
  const std::string whole = encode_jpeg(synthetic_photo(48, 64, 2), 75);
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 4; ++i)
      bytes[3 + random.below(bytes.size() - 3)] = static_cast<char>(random.below(256));
    caught([&] {
      decode_jpeg_part(bytes, "x.jpg",
                       [](int h, int w) {
                         return Region{0, 0, w * 0.7, h * 0.7};
                       },
                       {24, 24, 3});
    });
  }
}

}  // namespace
}  // namespace pact::data
