#include "data/image_file.h"

#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>

#include <unistd.h>

#include "base/caught.h"
#include "base/checksum.h"
#include "base/error.h"
#include "base/files.h"

namespace pact::data {
namespace {

class ImageFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / fmt::format("pact-image-{}", getpid());
    for (size_t i = 0; i < pixels_.size(); ++i) pixels_[i] = static_cast<uint8_t>(i * 37);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string png() {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = 5;
    image.height = 3;
    image.format = PNG_FORMAT_RGB;
    std::string bytes(4096, '\0');
    png_alloc_size_t size = bytes.size();
    EXPECT_NE(png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels_.data(), 0, nullptr), 0);
    bytes.resize(size);
    return bytes;
  }

  std::string jpeg() {
    tjhandle encoder = tjInitCompress();
    unsigned char* out = nullptr;
    unsigned long size = 0;
    EXPECT_EQ(tjCompress2(encoder, pixels_.data(), 5, 0, 3, TJPF_RGB, &out, &size, TJSAMP_444, 100, 0), 0);
    std::string bytes(reinterpret_cast<const char*>(out), size);
    tjFree(out);
    tjDestroy(encoder);
    return bytes;
  }

  std::filesystem::path path_;
  std::vector<uint8_t> pixels_ = std::vector<uint8_t>(3 * 5 * 3);
};

TEST_F(ImageFile, PngComesBackByteForByte) {
  write_file(path_, png());
  const Image image = read_image(path_, 3);
  EXPECT_EQ(image.shape, (ImageShape{3, 5, 3}));
  EXPECT_EQ(image.pixels, pixels_);
  EXPECT_EQ(read_image(path_, 1).pixels.size(), 15u);
}

TEST_F(ImageFile, JpegComesBackRoughly) {
  write_file(path_, jpeg());
  const Image image = read_image(path_, 3);
  ASSERT_EQ(image.shape, (ImageShape{3, 5, 3}));
  int error = 0;
  for (size_t i = 0; i < pixels_.size(); ++i) error += std::abs(int{image.pixels[i]} - int{pixels_[i]});
  EXPECT_LT(error, 15 * static_cast<int>(pixels_.size()));
}

TEST_F(ImageFile, EveryTruncationAndOtherBytesAreRefusedOrDecoded) {
  const std::string whole = png();
  for (size_t length = 0; length < whole.size() - 12; ++length) {  // the last chunk holds no pixels
    write_file(path_, whole.substr(0, length));
    EXPECT_NE(caught([&] { read_image(path_, 3); }).find(path_.string()), std::string::npos) << length;
  }
  const std::string photo = jpeg();
  for (size_t length = 0; length < photo.size() / 2; ++length) {
    write_file(path_, photo.substr(0, length));
    EXPECT_NE(caught([&] { read_image(path_, 3); }), "") << length;
  }
  write_file(path_, "GIF89a");
  EXPECT_NE(caught([&] { read_image(path_, 3); }).find("neither a PNG nor a JPEG"), std::string::npos);
  EXPECT_NE(caught([&] { read_image(path_, 4); }).find("1 or 3 channels"), std::string::npos);
}

// 16384 x 16384 pixels in a few bytes: refused before there is room for them.
TEST_F(ImageFile, WhatABlankPictureClaimsTakesNoMemory) {
  write_file(path_, "P6 16384 16384 255 abc");
  EXPECT_PRED2(contains, caught([&] { read_image(path_, 3); }), "bytes of pixels are too few");
  std::string picture = png();
  picture.replace(16, 8,
                  std::string("\0\0\x40\0\0\0\x40\0", 8));  // in the header, behind its length and name
  const uint32_t sum = crc32(std::string_view(picture).substr(12, 17));
  for (size_t i = 0; i < 4; ++i) picture[29 + i] = static_cast<char>(sum >> (24 - 8 * i));
  write_file(path_, picture);
  EXPECT_PRED2(contains, caught([&] { read_image(path_, 3); }), "bytes are too few for 16384 x 16384 pixels");
}

TEST_F(ImageFile, PpmAndPgm) {
  write_file(path_, "P6\n# a comment\n5 3\n255\n" + std::string(pixels_.begin(), pixels_.end()));
  EXPECT_EQ(read_image(path_, 3).pixels, pixels_);
  EXPECT_EQ(read_image(path_, 3).shape, (ImageShape{3, 5, 3}));
  write_file(path_, "P5 2 1 255 ab");
  EXPECT_EQ(read_image(path_, 1).pixels, (std::vector<uint8_t>{'a', 'b'}));
  EXPECT_EQ(read_image(path_, 3).pixels, (std::vector<uint8_t>{'a', 'a', 'a', 'b', 'b', 'b'}));
  for (const char* damaged :
       {"P6", "P6 5", "P6 5 3 255", "P6 5 3 255 abc", "P5 0 3 255 ", "P5 100000 100000 255 ",
        "P5 99999999999999999999 1 255 ", "P5 1 1 65535 ab", "P5 -1 1 255 a"}) {
    write_file(path_, damaged);
    EXPECT_PRED2(contains, caught([&] { read_image(path_, 3); }), path_.string()) << damaged;
    EXPECT_PRED2(contains, caught([&] { check_image(path_, Thoroughness::header); }), path_.string())
        << damaged;
  }
}

TEST_F(ImageFile, TheFirstLookSeesWhatIsCutOff) {
  for (const std::string& whole : {png(), jpeg()}) {
    write_file(path_, whole);
    check_image(path_, Thoroughness::header);
    check_image(path_, Thoroughness::pixels);
    for (const size_t length : {size_t{0}, size_t{10}, whole.size() / 2, whole.size() - 13}) {
      write_file(path_, whole.substr(0, length));
      EXPECT_PRED2(contains, caught([&] { check_image(path_, Thoroughness::header); }), path_.string())
          << length;
    }
    // A long tail behind the end is no damage, and a header may be longer than what is looked at first.
    write_file(path_, whole + std::string(10000, 'x'));
    EXPECT_EQ(caught([&] { check_image(path_, Thoroughness::header); }), "");
  }
  const std::string comment = std::string("\xff\xfe\xff\xff", 4) + std::string(65533, 'c');
  const std::string photo = jpeg();
  write_file(path_, photo.substr(0, 2) + comment + photo.substr(2));
  EXPECT_EQ(caught([&] { check_image(path_, Thoroughness::header); }), "");
}

TEST_F(ImageFile, ARegionIsResampled) {
  write_file(path_, png());
  std::vector<uint8_t> out(2 * 2 * 3);
  const auto choose = [](int height, int width) {
    EXPECT_EQ(std::pair(height, width), std::pair(3, 5));
    return Region{1, 1, 2, 2};
  };
  read_region(path_, choose, {2, 2, 3}, Mirror::no, out);
  EXPECT_TRUE(std::equal(out.begin(), out.begin() + 6, pixels_.begin() + (1 * 5 + 1) * 3));
  EXPECT_TRUE(std::equal(out.begin() + 6, out.end(), pixels_.begin() + (2 * 5 + 1) * 3));
}

}  // namespace
}  // namespace pact::data
