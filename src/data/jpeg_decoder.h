// JPEG, by libjpeg-turbo. Decoding is most of what preparing photographs costs, so no more is decoded than a
// region needs: a scale of 1/2, 1/4 or 1/8 where the region shrinks that far (inverse DCTs of 4, 2 or 1
// points, which the library has in vector instructions; other scales cost more than they save), columns of
// blocks beside the region left out, rows above it skipped, and nothing done below it.
#pragma once

#include <string>

#include "data/image.h"

namespace pact::data {

bool looks_like_jpeg(const std::string& bytes);

// `bytes` of file `path` with 1 or 3 channels, turned as EXIF says (data/orientation.h). Colours of printing
// (CMYK) become red, green and blue. Throws Error on damage that costs pixels; what libjpeg merely wonders
// about is let pass.
Image decode_jpeg(const std::string& bytes, const std::string& path, int channels);

// What of it is needed for a region of `to`'s size, with `to.channels`, chosen in the turned picture. The
// same pixels as of the whole picture at that scale. They are put into `room` where it is large enough and
// nothing is turned, since fresh memory takes its time, too.
ImagePart decode_jpeg_part(const std::string& bytes, const std::string& path, const ChooseRegion& choose,
                           const ImageShape& to, std::vector<uint8_t> room = {});

// Throws Error when the header is damaged or the size out of range; with `Thoroughness::pixels` also for
// damaged pixels, at a lower cost than decoding them.
enum class Thoroughness { header, pixels };
void check_jpeg(const std::string& bytes, const std::string& path, Thoroughness how);

}  // namespace pact::data
