#include "data/image_file.h"

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "data/png_decoder.h"
#include "data/ppm_decoder.h"

namespace pact::data {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 30;

[[noreturn]] void refuse(const std::string& path) {
  fail("{}: is neither a PNG nor a JPEG nor a PPM file", path);
}

void check_channels(const std::string& path, int channels) {
  if (channels != 1 && channels != 3)
    fail(ErrorKind::unsupported, "{}: images are read with 1 or 3 channels, the network takes {}", path,
         channels);
}

// Whether the header is sound and the last bytes are those that a whole file ends in, or nearly so.
// Compressed data of JPEG never hold the two bytes of its end marker.
bool is_sound_at_both_ends(const std::filesystem::path& path) {
  constexpr std::streamoff kHead = 32768, kTail = 4096;
  std::ifstream file(path, std::ios::binary);
  const auto read = [&](std::streamoff from, std::streamoff count) {
    std::string bytes(static_cast<size_t>(count), '\0');
    file.clear();
    file.seekg(from).read(bytes.data(), count);
    bytes.resize(static_cast<size_t>(file.gcount()));
    return bytes;
  };
  const std::streamoff size = file.seekg(0, std::ios::end).tellg();
  if (!file || size <= 0) return false;
  const std::string head = read(0, std::min(size, kHead)),
                    tail = read(std::max(size - kTail, std::streamoff{0}), kTail);
  try {
    if (looks_like_jpeg(head)) {
      check_jpeg(head, path.string(), Thoroughness::header);
      return tail.find("\xff\xd9") != std::string::npos;
    }
    if (!looks_like_png(head)) return false;
    check_png_header(head, path.string());
    return tail.find("IEND") != std::string::npos;
  } catch (const Error&) {
    return false;  // a header longer than what was read, or a damaged one
  }
}

}  // namespace

Image read_image(const std::filesystem::path& path, int channels) {
  check_channels(path.string(), channels);
  const std::string bytes = read_file(path, kMaxBytes);
  if (looks_like_jpeg(bytes)) return decode_jpeg(bytes, path.string(), channels);
  if (looks_like_png(bytes)) return decode_png(bytes, path.string(), channels);
  if (looks_like_ppm(bytes)) return decode_ppm(bytes, path.string(), channels);
  refuse(path.string());
}

void read_region(const std::filesystem::path& path, const ChooseRegion& choose, const ImageShape& to,
                 Mirror mirror, std::span<uint8_t> out) {
  check_channels(path.string(), to.channels);
  const std::string bytes = read_file(path, kMaxBytes);
  thread_local std::vector<uint8_t> room;
  ImagePart part;
  if (looks_like_jpeg(bytes)) {
    part = decode_jpeg_part(bytes, path.string(), choose, to, std::move(room));
  } else {
    if (looks_like_png(bytes))
      part.image = decode_png(bytes, path.string(), to.channels);
    else if (looks_like_ppm(bytes))
      part.image = decode_ppm(bytes, path.string(), to.channels);
    else
      refuse(path.string());
    part.region = choose(part.image.shape.height, part.image.shape.width);
  }
  resample(part.image, part.region, to, mirror, out);
  room = std::move(part.image.pixels);
}

void check_image(const std::filesystem::path& path, Thoroughness how) {
  if (how == Thoroughness::header && is_sound_at_both_ends(path)) return;
  const std::string bytes = read_file(path, kMaxBytes);
  const std::string name = path.string();
  if (bytes.empty()) fail("{}: is empty", name);
  if (looks_like_jpeg(bytes))
    check_jpeg(bytes, name, Thoroughness::pixels);
  else if (looks_like_png(bytes))
    decode_png(bytes, name, 3);
  else if (looks_like_ppm(bytes))
    decode_ppm(bytes, name, 3);
  else
    refuse(name);
}

}  // namespace pact::data
