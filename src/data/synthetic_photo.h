// For tests and benchmarks: pictures with the smoothness, edges and grain of photographs, as JPEG files.
#pragma once

#include <string>

#include "data/image.h"

namespace pact::data {

// A pure function of its arguments: a gradient, soft waves, some discs with sharp edges, and grain.
Image synthetic_photo(int height, int width, uint64_t seed);

enum class Chroma { full, half_width, half_both };  // 4:4:4, 4:2:2, 4:2:0
enum class Scans { baseline, progressive };

// `image` (1 or 3 channels) as a JPEG file.
std::string encode_jpeg(const Image& image, int quality = 90, Chroma chroma = Chroma::half_both,
                        Scans scans = Scans::baseline);

}  // namespace pact::data
