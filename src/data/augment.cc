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

// out(y, x) = image(y + dy, x' + dx), x' = x or width - 1 - x, (dy, dx) in [-pad, pad]: cropped first, then
// mirrored. Three numbers are drawn whatever the settings, so that one setting does not disturb another.
void augment(const Augmentation& how, const ImageShape& shape, const Normalization& normalization,
             Random& random, std::span<const uint8_t> image, std::span<uint8_t> out) {
  PACT_CHECK(how.pad >= 0);
  PACT_CHECK(image.size() == shape.pixels() && out.size() == shape.pixels());
  PACT_CHECK(normalization.mean.size() == static_cast<size_t>(shape.channels));
  const int dy = static_cast<int>(random.below(2 * static_cast<uint64_t>(how.pad) + 1)) - how.pad;
  const int dx = static_cast<int>(random.below(2 * static_cast<uint64_t>(how.pad) + 1)) - how.pad;
  const bool mirrored = random.below(2) == 1 && how.flip == Flip::random;

  const size_t channels = static_cast<size_t>(shape.channels);
  const size_t row_bytes = shape.width * channels;
  if (dy != 0 || dx != 0) {
    for (size_t c = 0; c < channels; ++c) {
      const double mean = std::clamp(std::nearbyint(normalization.mean[c]), 0.0, 255.0);
      for (size_t i = c; i < out.size(); i += channels) out[i] = static_cast<uint8_t>(mean);
    }
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
