#include "data/synthetic_photo.h"

#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.h"
#include "base/random.h"

namespace pact::data {
namespace {

struct Disc {
  double x, y, radius;
  double colour[3];
};

}  // namespace

Image synthetic_photo(int height, int width, uint64_t seed) {
  Random random(seed, 0x9407);
  Image image = make_image("a synthetic photo", static_cast<size_t>(width), static_cast<size_t>(height), 3);
  double base[3], slope_x[3], slope_y[3];
  for (int c = 0; c < 3; ++c) {
    base[c] = random.uniform(40, 160);
    slope_x[c] = random.uniform(-60, 60);
    slope_y[c] = random.uniform(-60, 60);
  }
  const double fx = random.uniform(2, 9), fy = random.uniform(2, 9), phase = random.uniform(0, 6);
  std::vector<Disc> discs(12);
  for (Disc& disc : discs) {
    disc = {random.uniform(), random.uniform(), random.uniform(0.02, 0.2), {}};
    for (double& part : disc.colour) part = random.uniform(0, 255);
  }
  uint8_t* out = image.pixels.data();
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const double y = static_cast<double>(row) / height, x = static_cast<double>(column) / width;
      const double wave = 18 * std::sin(6.283 * fx * x + phase) * std::sin(6.283 * fy * y);
      const Disc* front = nullptr;
      for (const Disc& disc : discs)
        if (std::hypot(disc.x - x, disc.y - y) < disc.radius) front = &disc;
      const double grain = random.uniform(-10, 10);
      for (int c = 0; c < 3; ++c) {
        const double behind = front ? front->colour[c] : base[c] + slope_x[c] * x + slope_y[c] * y;
        *out++ = static_cast<uint8_t>(std::clamp(behind + wave + grain, 0.0, 255.0));
      }
    }
  }
  return image;
}

std::string encode_jpeg(const Image& image, int quality, Chroma chroma, Scans scans) {
  const std::unique_ptr<void, int (*)(tjhandle)> encoder(tjInitCompress(), tjDestroy);
  PACT_CHECK(encoder != nullptr);
  const bool is_grey = image.shape.channels == 1;
  const int sampling = is_grey                        ? TJSAMP_GRAY
                       : chroma == Chroma::full       ? TJSAMP_444
                       : chroma == Chroma::half_width ? TJSAMP_422
                                                      : TJSAMP_420;
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const int code = tjCompress2(encoder.get(), image.pixels.data(), image.shape.width, 0, image.shape.height,
                               is_grey ? TJPF_GRAY : TJPF_RGB, &bytes, &size, sampling, quality,
                               scans == Scans::progressive ? TJFLAG_PROGRESSIVE : 0);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> freed(bytes, tjFree);
  PACT_CHECK(code == 0);
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace pact::data
