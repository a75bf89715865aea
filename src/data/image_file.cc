#include "data/image_file.h"

#include <png.h>
#include <turbojpeg.h>

#include <memory>

#include "base/error.h"
#include "base/files.h"

namespace pact::data {
namespace {

constexpr size_t kMaxPixels = size_t{1} << 28;

// Room for an image, after its size has been looked at.
Image make_image(const std::string& path, size_t width, size_t height, int channels) {
  if (width == 0 || height == 0 || width > kMaxPixels / height)
    fail("{}: an image of {} x {} pixels is out of range", path, width, height);
  Image image{{static_cast<int>(height), static_cast<int>(width), channels}, {}};
  image.pixels.resize(image.shape.pixels());
  return image;
}

Image read_png(const std::string& bytes, const std::string& path, int channels) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  // The library's own cleanup, whatever happens.
  const std::unique_ptr<png_image, decltype(&png_image_free)> cleanup(&png, png_image_free);
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0)
    fail("{}: is a damaged PNG file: {}", path, png.message);
  Image image = make_image(path, png.width, png.height, channels);
  png.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  const png_color black{0, 0, 0};
  if (png_image_finish_read(&png, &black, image.pixels.data(), 0, nullptr) == 0)
    fail("{}: is a damaged PNG file: {}", path, png.message);
  return image;
}

Image read_jpeg(const std::string& bytes, const std::string& path, int channels) {
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
  PACT_CHECK(decoder != nullptr);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (tjDecompressHeader3(decoder.get(), data, bytes.size(), &width, &height, &subsampling, &colours) != 0)
    fail("{}: is a damaged JPEG file: {}", path, tjGetErrorStr2(decoder.get()));
  Image image = make_image(path, static_cast<size_t>(width), static_cast<size_t>(height), channels);
  if (tjDecompress2(decoder.get(), data, bytes.size(), image.pixels.data(), width, 0, height,
                    channels == 1 ? TJPF_GRAY : TJPF_RGB, TJFLAG_ACCURATEDCT) != 0)
    fail("{}: is a damaged JPEG file: {}", path, tjGetErrorStr2(decoder.get()));
  return image;
}

}  // namespace

Image read_image(const std::filesystem::path& path, int channels) {
  if (channels != 1 && channels != 3)
    fail(ErrorKind::unsupported, "{}: images are read with 1 or 3 channels, the network takes {}",
         path.string(), channels);
  const std::string bytes = read_file(path, size_t{1} << 30);
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return read_png(bytes, path.string(), channels);
  if (bytes.starts_with("\xff\xd8\xff")) return read_jpeg(bytes, path.string(), channels);
  fail("{}: is neither a PNG nor a JPEG file", path.string());
}

}  // namespace pact::data
