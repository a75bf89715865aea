#include "data/image_file.h"

#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>

#include <unistd.h>

#include "base/caught.h"
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
  write_file(path_, "P6 5 3 255");
  EXPECT_NE(caught([&] { read_image(path_, 3); }).find("neither a PNG nor a JPEG"), std::string::npos);
  EXPECT_NE(caught([&] { read_image(path_, 4); }).find("1 or 3 channels"), std::string::npos);
}

}  // namespace
}  // namespace pact::data
