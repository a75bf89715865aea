#include "data/crop.h"

#include <algorithm>
#include <cmath>

namespace pact::data {
namespace {

constexpr double kMinAspect = 3.0 / 4.0, kMaxAspect = 4.0 / 3.0;

Region in_the_middle(int height, int width, double region_height, double region_width) {
  return {(width - region_width) / 2, (height - region_height) / 2, region_width, region_height};
}

}  // namespace

Region centre_crop(int height, int width, double size, double resize) {
  const double side = std::min(height, width) * size / resize;
  return in_the_middle(height, width, side, side);
}

Region random_crop(int height, int width, double size, double resize, Random& random) {
  const double side = std::min(height, width) * size / resize;
  const double left = random.uniform(0, width - side), top = random.uniform(0, height - side);
  return {left, top, side, side};
}

// Whole pixels, so that a small picture is not stretched by a fraction of one.
Region random_resized_crop(int height, int width, double min_share, Random& random) {
  const double area = static_cast<double>(height) * width;
  for (int tries = 0; tries < 10; ++tries) {
    const double share = area * random.uniform(min_share, 1.0);
    const double aspect = std::exp(random.uniform(std::log(kMinAspect), std::log(kMaxAspect)));
    const int w = static_cast<int>(std::lround(std::sqrt(share * aspect)));
    const int h = static_cast<int>(std::lround(std::sqrt(share / aspect)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const double left = static_cast<double>(random.below(static_cast<uint64_t>(width - w) + 1));
    const double top = static_cast<double>(random.below(static_cast<uint64_t>(height - h) + 1));
    return {left, top, static_cast<double>(w), static_cast<double>(h)};
  }
  const double w = std::min<double>(width, height * kMaxAspect),
               h = std::min<double>(height, width / kMinAspect);
  return in_the_middle(height, width, h, w);
}

}  // namespace pact::data
