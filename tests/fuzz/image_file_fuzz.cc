// Any bytes as a picture, PNG, JPEG or PPM: pixels or an Error, whole, in part and as the check of a folder
// looks at it.
#include <cstdint>
#include <string>

#include "base/error.h"
#include "data/jpeg_decoder.h"
#include "data/png_decoder.h"
#include "data/ppm_decoder.h"

namespace {

using namespace pact;

void require_whole(const data::Image& image) { PACT_CHECK(image.pixels.size() == image.shape.pixels()); }

void read(const std::string& bytes, int channels) {
  const std::string path = "fuzz";
  if (data::looks_like_png(bytes)) {
    data::check_png_header(bytes, path);
    require_whole(data::decode_png(bytes, path, channels));
  } else if (data::looks_like_ppm(bytes)) {
    require_whole(data::decode_ppm(bytes, path, channels));
  } else if (data::looks_like_jpeg(bytes)) {
    data::check_jpeg(bytes, path, data::Thoroughness::pixels);
    require_whole(data::decode_jpeg(bytes, path, channels));
    const auto middle = [](int height, int width) {
      return data::Region{0.25 * width, 0.25 * height, 0.5 * width, 0.5 * height};
    };
    data::decode_jpeg_part(bytes, path, middle, {8, 8, channels});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    read({reinterpret_cast<const char*>(bytes), size}, size % 2 == 0 ? 1 : 3);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) throw;
  }
  return 0;
}
