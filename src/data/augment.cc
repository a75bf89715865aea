#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace pact::data {
namespace {

// One row of `width` pixels, mirrored or not.
void copy_row(const uint8_t* from, uint8_t* to, size_t width, size_t channels, bool mirrored) {
  if (!mirrored) {
    std::memcpy(to, from, width * channels);
    return;
  }
  for (size_t x = 0; x < width; ++x) {
    const uint8_t* pixel = from + (width - 1 - x) * channels;
    for (size_t c = 0; c < channels; ++c) to[x * channels + c] = pixel[c];
  }
}

}  // namespace

// (dy, dx) in [-pad, pad]: cropped first, then mirrored.
Placement draw_placement(const Augmentation& how, Random& random) {
  PACT_CHECK(how.pad >= 0);
  const uint64_t choices = 2 * static_cast<uint64_t>(how.pad) + 1;
  Placement placement;
  placement.dy = static_cast<int>(random.below(choices)) - how.pad;
  placement.dx = static_cast<int>(random.below(choices)) - how.pad;
  placement.is_mirrored = random.below(2) == 1 && how.flip == Flip::random;
  return placement;
}

std::vector<uint8_t> outside_of(const Normalization& normalization) {
  std::vector<uint8_t> bytes;
  for (const double mean : normalization.mean)
    bytes.push_back(static_cast<uint8_t>(std::clamp(std::nearbyint(mean), 0.0, 255.0)));
  return bytes;
}

void augment(const Augmentation& how, const ImageShape& shape, const Normalization& normalization,
             Random& random, std::span<const uint8_t> image, std::span<uint8_t> out) {
  PACT_CHECK(image.size() == shape.pixels() && out.size() == shape.pixels());
  PACT_CHECK(normalization.mean.size() == static_cast<size_t>(shape.channels));
  const auto [dy, dx, mirrored] = draw_placement(how, random);

  const size_t channels = static_cast<size_t>(shape.channels);
  const size_t row_bytes = shape.width * channels;
  if (dy != 0 || dx != 0) {
    const std::vector<uint8_t> outside = outside_of(normalization);
    for (size_t i = 0; i < out.size(); ++i) out[i] = outside[i % channels];
  }
  const int first = std::max(0, dx);                               // columns of `image` that are seen:
  const int columns = std::max(0, shape.width - std::abs(dx));     // first .. first + columns
  const int left = mirrored ? std::max(0, dx) : std::max(0, -dx);  // and where they land
  if (columns == 0) return;
  for (int y = 0; y < shape.height; ++y) {
    const int from = y + dy;
    if (from < 0 || from >= shape.height) continue;
    copy_row(image.data() + from * row_bytes + first * channels, out.data() + y * row_bytes + left * channels,
             static_cast<size_t>(columns), channels, mirrored);
  }
}

}  // namespace pact::data
