// How a camera was held: the orientation that EXIF notes beside the pixels of a photograph, which are stored
// as the sensor had them. A picture is turned after decoding, so that what is decoded stays as little as it
// was.
#pragma once

#include <string_view>

#include "data/image.h"

namespace pact::data {

// From the stored picture to the shown one: its rows and columns are taken from the other end, then
// exchanged.
struct Orientation {
  bool flips_rows = false, flips_columns = false, is_transposed = false;
  bool operator==(const Orientation&) const = default;
};

// EXIF's number, 1 to 8 (Exif 2.32, 4.6.4.A, tag 0x0112). Anything else is 1: as stored.
Orientation orientation_of(int number);

// The number in what an APP1 segment of a JPEG holds: 1 where it is no EXIF, says nothing of it, or is
// damaged.
int orientation_number(std::string_view app1);

// The picture as it is shown.
Image turned(const Image& stored, const Orientation& how);

// A region of one picture in the pixels of the other; `stored` is the shape of the stored one.
Region stored_region(const Region& shown, const Orientation& how, const ImageShape& stored);
Region shown_region(const Region& in_stored, const Orientation& how, const ImageShape& stored);

}  // namespace pact::data
