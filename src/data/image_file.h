// One picture from a file, PNG, JPEG or PPM (told apart by content), as the plain bytes that networks take.
#pragma once

#include <filesystem>

#include "data/image.h"
#include "data/jpeg_decoder.h"
#include "data/resample.h"

namespace pact::data {

// Decodes a file to 1 or 3 channels of 8 bits. Throws Error, naming the path, on anything else, on damaged
// files, and beyond 2^28 pixels.
Image read_image(const std::filesystem::path& path, int channels);

// A region of a picture as an image of `to`, into `out` (HWC); errors as above.
void read_region(const std::filesystem::path& path, const ChooseRegion& choose, const ImageShape& to,
                 Mirror mirror, std::span<uint8_t> out);

// Throws the Error that reading the picture would end in. `Thoroughness::header` looks at the beginning and
// the end of the file, and at the pixels only where the end looks cut off.
void check_image(const std::filesystem::path& path, Thoroughness how);

}  // namespace pact::data
