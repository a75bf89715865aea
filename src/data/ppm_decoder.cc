#include "data/ppm_decoder.h"

#include <algorithm>

#include "base/error.h"
#include "data/channels.h"

namespace pact::data {
namespace {

// The next number of the header, or -1. Comments run from # to the end of their line.
long long next_number(const std::string& bytes, size_t& at) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (at < bytes.size() && (is_blank(bytes[at]) || bytes[at] == '#')) {
    if (bytes[at] == '#')
      at = std::min(bytes.find('\n', at), bytes.size());
    else
      ++at;
  }
  long long number = -1;
  for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9' && number < 1'000'000'000; ++at)
    number = std::max(number, 0LL) * 10 + (bytes[at] - '0');
  return number;
}

}  // namespace

bool looks_like_ppm(const std::string& bytes) { return bytes.starts_with("P5") || bytes.starts_with("P6"); }

Image decode_ppm(const std::string& bytes, const std::string& path, int channels) {
  size_t at = 2;
  const long long width = next_number(bytes, at), height = next_number(bytes, at),
                  top = next_number(bytes, at);
  if (width < 0 || height < 0 || top < 0) fail("{}: is a damaged PPM file: its header is cut off", path);
  if (top != 255)
    fail(ErrorKind::unsupported, "{}: PPM files are read with values to 255, it has {}", path, top);
  const int stored = bytes[1] == '6' ? 3 : 1;
  check_size(path, static_cast<size_t>(width), static_cast<size_t>(height));
  ++at;  // one blank ends the header
  // Compared before room is made, so that a few bytes do not take a gigabyte.
  const size_t wanted =
      static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(stored);
  if (bytes.size() < at || bytes.size() - at < wanted)
    fail("{}: is a damaged PPM file: {} bytes of pixels are too few for {} x {}", path,
         bytes.size() - std::min(at, bytes.size()), width, height);
  Image image = make_image(path, static_cast<size_t>(width), static_cast<size_t>(height), stored);
  std::copy_n(reinterpret_cast<const uint8_t*>(bytes.data()) + at, image.pixels.size(), image.pixels.begin());
  return with_channels(std::move(image), channels);
}

}  // namespace pact::data
