#include "data/png_decoder.h"

#include <png.h>

#include <memory>

#include "base/error.h"

namespace pact::data {

bool looks_like_png(const std::string& bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }

Image decode_png(const std::string& bytes, const std::string& path, int channels) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  // The library's own cleanup, whatever happens.
  const std::unique_ptr<png_image, decltype(&png_image_free)> cleanup(&png, png_image_free);
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0)
    fail("{}: is a damaged PNG file: {}", path, png.message);
  check_size(path, png.width, png.height);
  // Before room is made: a compressed byte holds at most 1032 (zlib's documentation), each of them at most 8 pixels.
  if (size_t{png.width} * png.height / (8 * 1032) > bytes.size())
    fail("{}: is a damaged PNG file: {} bytes are too few for {} x {} pixels", path, bytes.size(), png.width,
         png.height);
  Image image = make_image(path, png.width, png.height, channels);
  png.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  const png_color black{0, 0, 0};
  if (png_image_finish_read(&png, &black, image.pixels.data(), 0, nullptr) == 0)
    fail("{}: is a damaged PNG file: {}", path, png.message);
  return image;
}

void check_png_header(const std::string& bytes, const std::string& path) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, decltype(&png_image_free)> cleanup(&png, png_image_free);
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0)
    fail("{}: is a damaged PNG file: {}", path, png.message);
  check_size(path, png.width, png.height);
}

std::string encode_png(const Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.shape.width);
  png.height = static_cast<png_uint_32>(image.shape.height);
  png.format = image.shape.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(png), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) == 0)
    fail(ErrorKind::internal, "an image cannot be written as PNG: {}", png.message);
  bytes.resize(size);
  return bytes;
}

}  // namespace pact::data
