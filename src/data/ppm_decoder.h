// PPM and PGM in their binary forms (P6, P5), 8 bits: a text header, then the bytes.
#pragma once

#include <string>

#include "data/image.h"

namespace pact::data {

bool looks_like_ppm(const std::string& bytes);

// `bytes` of file `path` with 1 or 3 channels; colours become grey as in JPEG (ITU-R BT.601). Throws Error.
Image decode_ppm(const std::string& bytes, const std::string& path, int channels);

}  // namespace pact::data
