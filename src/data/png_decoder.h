// PNG, by libpng.
#pragma once

#include <string>

#include "data/image.h"

namespace pact::data {

bool looks_like_png(const std::string& bytes);

// `bytes` of file `path` with 1 or 3 channels of 8 bits; transparency is laid over black. Throws Error.
Image decode_png(const std::string& bytes, const std::string& path, int channels);

// Throws Error when the header of `bytes` is damaged or the size out of range.
void check_png_header(const std::string& bytes, const std::string& path);

// `image` (1 or 3 channels) as a PNG file.
std::string encode_png(const Image& image);

}  // namespace pact::data
