// One picture as plain bytes, whatever file it came from, and the rectangle of one that is wanted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace pact::data {

struct Image {
  ImageShape shape;
  std::vector<uint8_t> pixels;  // HWC
};

// A rectangle in units of pixels; its corners may lie between them.
struct Region {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
};

// The region of a picture that is wanted, once its size is known.
using ChooseRegion = std::function<Region(int height, int width)>;

// A part of a picture, perhaps at a smaller scale, that is enough for `region`, which is in the part's own
// pixels.
struct ImagePart {
  Image image;
  Region region;
};

// Throws Error on a picture without pixels or beyond 2^28 of them, naming its file.
void check_size(const std::string& path, size_t width, size_t height);

// Room for a picture whose file `path` says this size, which is checked.
Image make_image(const std::string& path, size_t width, size_t height, int channels);

}  // namespace pact::data
