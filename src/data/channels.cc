#include "data/channels.h"

#include "base/error.h"

namespace pact::data {

Image with_channels(Image image, int channels) {
  PACT_CHECK((channels == 1 || channels == 3) && (image.shape.channels == 1 || image.shape.channels == 3));
  if (image.shape.channels == channels) return image;
  Image changed{image.shape, {}};
  changed.shape.channels = channels;
  changed.pixels.resize(changed.shape.pixels());
  const size_t area = changed.pixels.size() / static_cast<size_t>(channels);
  for (size_t i = 0; i < area; ++i) {
    if (channels == 3) {
      for (size_t c = 0; c < 3; ++c) changed.pixels[3 * i + c] = image.pixels[i];
    } else {  // the three factors in 1/65536; they add up to 1
      const uint8_t* pixel = image.pixels.data() + 3 * i;
      changed.pixels[i] =
          static_cast<uint8_t>((19595u * pixel[0] + 38470u * pixel[1] + 7471u * pixel[2] + 32768u) >> 16);
    }
  }
  return changed;
}

}  // namespace pact::data
