// One picture from a file, PNG or JPEG, as the plain bytes that networks take.
#pragma once

#include <filesystem>

#include "data/dataset.h"

namespace pact::data {

struct Image {
  ImageShape shape;
  std::vector<uint8_t> pixels;  // HWC
};

// Decodes a PNG or JPEG file (told apart by content) to 1 or 3 channels of 8 bits; transparency is laid over
// black. Throws Error, naming the path, on anything else, on damaged files, and beyond 2^28 pixels.
Image read_image(const std::filesystem::path& path, int channels);

}  // namespace pact::data
