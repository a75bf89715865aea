#include "data/image.h"

#include "base/error.h"

namespace pact::data {

void check_size(const std::string& path, size_t width, size_t height) {
  constexpr size_t kMaxPixels = size_t{1} << 28;
  if (width == 0 || height == 0 || width > kMaxPixels / height)
    fail("{}: an image of {} x {} pixels is out of range", path, width, height);
}

Image make_image(const std::string& path, size_t width, size_t height, int channels) {
  check_size(path, width, height);
  Image image{{static_cast<int>(height), static_cast<int>(width), channels}, {}};
  image.pixels.resize(image.shape.pixels());
  return image;
}

}  // namespace pact::data
