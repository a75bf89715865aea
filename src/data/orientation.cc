#include "data/orientation.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace pact::data {
namespace {

// Whole numbers in a file in TIFF form, either byte order; none where the file ends before them.
class TiffReader {
 public:
  explicit TiffReader(std::string_view bytes) : bytes_(bytes) {}

  // True when it begins as TIFF does.
  bool begin() {
    if (!bytes_.starts_with("II") && !bytes_.starts_with("MM")) return false;
    is_big_endian_ = bytes_[0] == 'M';
    return number(2, 2) == 42;
  }

  std::optional<uint32_t> number(size_t at, size_t bytes) const {
    if (at > bytes_.size() || bytes > bytes_.size() - at) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
      value = value << 8 | static_cast<uint8_t>(bytes_[at + (is_big_endian_ ? i : bytes - 1 - i)]);
    return value;
  }

 private:
  std::string_view bytes_;
  bool is_big_endian_ = false;
};

}  // namespace

Orientation orientation_of(int number) {
  switch (number) {
    case 2:
      return {.flips_columns = true};
    case 3:
      return {.flips_rows = true, .flips_columns = true};
    case 4:
      return {.flips_rows = true};
    case 5:
      return {.is_transposed = true};
    case 6:
      return {.flips_rows = true, .is_transposed = true};
    case 7:
      return {.flips_rows = true, .flips_columns = true, .is_transposed = true};
    case 8:
      return {.flips_columns = true, .is_transposed = true};
    default:
      return {};
  }
}

// The first directory of a TIFF file: how many entries, then 12 bytes each: tag, type, count, value.
int orientation_number(std::string_view app1) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  constexpr uint32_t kOrientation = 0x0112, kShort = 3;
  if (!app1.starts_with(kExif)) return 1;
  TiffReader tiff(app1.substr(kExif.size()));
  if (!tiff.begin()) return 1;
  const std::optional<uint32_t> directory = tiff.number(4, 4);
  const std::optional<uint32_t> entries = directory ? tiff.number(*directory, 2) : std::nullopt;
  if (!entries) return 1;
  for (size_t i = 0; i < *entries; ++i) {
    const size_t entry = size_t{*directory} + 2 + 12 * i;
    const std::optional<uint32_t> tag = tiff.number(entry, 2);
    if (!tag) return 1;
    if (*tag != kOrientation) continue;
    const uint32_t number = tiff.number(entry + 8, 2).value_or(1);
    return tiff.number(entry + 2, 2) == kShort && number >= 1 && number <= 8 ? static_cast<int>(number) : 1;
  }
  return 1;
}

Image turned(const Image& stored, const Orientation& how) {
  const ImageShape from = stored.shape;
  Image shown{from, {}};
  if (how.is_transposed) std::swap(shown.shape.height, shown.shape.width);
  shown.pixels.resize(stored.pixels.size());
  uint8_t* out = shown.pixels.data();
  const auto channels = static_cast<size_t>(from.channels);
  for (int y = 0; y < shown.shape.height; ++y)
    for (int x = 0; x < shown.shape.width; ++x) {
      int row = how.is_transposed ? x : y, column = how.is_transposed ? y : x;
      if (how.flips_rows) row = from.height - 1 - row;
      if (how.flips_columns) column = from.width - 1 - column;
      const size_t at =
          static_cast<size_t>(row) * static_cast<size_t>(from.width) + static_cast<size_t>(column);
      out = std::copy_n(stored.pixels.data() + at * channels, channels, out);
    }
  return shown;
}

namespace {

Region transposed(const Region& r) { return {r.top, r.left, r.height, r.width}; }

Region flipped(Region r, const Orientation& how, const ImageShape& stored) {
  if (how.flips_rows) r.top = stored.height - r.top - r.height;
  if (how.flips_columns) r.left = stored.width - r.left - r.width;
  return r;
}

}  // namespace

Region stored_region(const Region& shown, const Orientation& how, const ImageShape& stored) {
  return flipped(how.is_transposed ? transposed(shown) : shown, how, stored);
}

Region shown_region(const Region& in_stored, const Orientation& how, const ImageShape& stored) {
  const Region r = flipped(in_stored, how, stored);
  return how.is_transposed ? transposed(r) : r;
}

}  // namespace pact::data
