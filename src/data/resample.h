// A part of an image at another size.
#pragma once

#include <span>

#include "data/image.h"

namespace pact::data {

enum class Mirror { no, yes };

// `region` of `from` as an image of `to` (the same channels, HWC) into `out`, mirrored left to right if asked
// for. Each pixel is the mean under a triangle whose half-width is a pixel of `to` where the image shrinks,
// and one of `from` where it grows: bilinear interpolation that does not alias. The triangle may reach beyond
// the region but ends at the image's border. In integers throughout, so that every machine gives the same
// bytes; within 1 of the exact mean.
void resample(const Image& from, const Region& region, const ImageShape& to, Mirror mirror,
              std::span<uint8_t> out);

}  // namespace pact::data
