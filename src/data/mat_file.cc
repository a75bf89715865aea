#include "data/mat_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <span>

#include "base/error.h"

namespace pact::data {
namespace {

constexpr uint32_t kInt8 = 1, kInt32 = 5, kUint32 = 6, kMatrix = 14, kCompressed = 15;
constexpr size_t kHeaderBytes = 128, kTagBytes = 8, kMostAxes = 8, kMostElements = size_t{1} << 36;

// Bytes of a stored number, 0 for what is none.
size_t number_bytes(uint32_t type) {
  constexpr size_t kBytes[] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8};
  return type < std::size(kBytes) ? kBytes[type] : 0;
}

// One element of the file, read in order, decompressed where it is compressed.
class Element {
 public:
  Element(std::ifstream& file, std::string path, uint64_t bytes, bool is_compressed)
      : file_(file), path_(std::move(path)), left_(bytes), is_compressed_(is_compressed) {
    if (is_compressed && inflateInit(&stream_) != Z_OK) fail(ErrorKind::internal, "zlib cannot be set up");
  }
  ~Element() {
    if (is_compressed_) inflateEnd(&stream_);
  }
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

  void read(std::span<uint8_t> out) {
    if (!is_compressed_) return read_file(out);
    if (inflate_to(out) < out.size()) truncated();
  }

  // Nothing but padding may be left. Only reading on shows whether the checksum of a compressed array is
  // right.
  void expect_end() {
    std::array<uint8_t, 64> rest{};
    if (is_compressed_ && inflate_to(rest) > kTagBytes) fail("{}: is damaged; download it again", path_);
  }

 private:
  [[noreturn]] void truncated() const {
    fail("{}: truncated: it ends in the middle of an array; download it again", path_);
  }

  // How many bytes there were.
  size_t inflate_to(std::span<uint8_t> out) {
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<unsigned>(out.size());
    while (stream_.avail_out > 0 && !is_at_end_) {
      if (stream_.avail_in == 0) {
        const size_t count = static_cast<size_t>(std::min<uint64_t>(left_, input_.size()));
        if (count == 0) truncated();
        read_file(std::span(input_).first(count));
        stream_.next_in = input_.data();
        stream_.avail_in = static_cast<unsigned>(count);
      }
      const int outcome = inflate(&stream_, Z_NO_FLUSH);
      if (outcome != Z_OK && outcome != Z_STREAM_END) fail("{}: is damaged; download it again", path_);
      is_at_end_ = outcome == Z_STREAM_END;
    }
    return out.size() - stream_.avail_out;
  }

  void read_file(std::span<uint8_t> out) {
    if (out.size() > left_) truncated();
    left_ -= out.size();
    if (!file_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size())))
      truncated();
  }

  std::ifstream& file_;
  std::string path_;
  uint64_t left_;
  bool is_compressed_, is_at_end_ = false;
  z_stream stream_{};
  std::array<uint8_t, 1 << 16> input_{};
};

struct Tag {
  uint32_t type, bytes;
};

Tag tag_of(std::span<const uint8_t, kTagBytes> bytes) {
  Tag tag{};
  std::memcpy(&tag.type, bytes.data(), 4);
  std::memcpy(&tag.bytes, bytes.data() + 4, 4);
  return tag;
}

// A part of an array: its tag and, where it has no more than `most` bytes, its data with the padding behind
// them. Up to four bytes may stand in the tag itself, whose upper half then says how many.
struct Part {
  Tag tag{};
  std::vector<uint8_t> data;
};
Part read_part(Element& element, size_t most) {
  std::array<uint8_t, kTagBytes> bytes{};
  element.read(bytes);
  Part part{tag_of(bytes), {}};
  if (const uint32_t small = part.tag.type >> 16; small > 0) {
    part.tag = {part.tag.type & 0xffff, std::min(small, uint32_t{4})};
    part.data.assign(bytes.begin() + 4, bytes.begin() + 4 + part.tag.bytes);
    return part;
  }
  if (part.tag.bytes > most) return part;
  part.data.resize((part.tag.bytes + 7) / 8 * 8);
  element.read(part.data);
  part.data.resize(part.tag.bytes);
  return part;
}

// What stands before the numbers; an array without a shape where it is none of real numbers.
MatArray read_description(Element& element, const std::string& path) {
  const auto require = [&](bool holds) {
    if (!holds) fail("{}: is a damaged MATLAB file", path);
  };
  MatArray array;
  const Part flags = read_part(element, 8), shape = read_part(element, 4 * kMostAxes),
             name = read_part(element, 256);
  require(flags.tag.type == kUint32 && flags.data.size() == 8);
  constexpr uint8_t kLeastNumeric = 6, kMostNumeric = 15, kComplex = 8;
  if (flags.data[0] < kLeastNumeric || flags.data[0] > kMostNumeric || (flags.data[1] & kComplex) != 0)
    return array;
  require(shape.tag.type == kInt32 && !shape.data.empty() && shape.data.size() % 4 == 0);
  require(name.tag.type == kInt8 && name.data.size() == name.tag.bytes);
  array.name.assign(name.data.begin(), name.data.end());
  size_t count = 1;
  for (size_t at = 0; at < shape.data.size(); at += 4) {
    int32_t extent = 0;
    std::memcpy(&extent, shape.data.data() + at, 4);
    if (extent == 0) {  // an empty array, which nobody can want
      array.shape.clear();
      return array;
    }
    require(extent > 0 && static_cast<size_t>(extent) <= kMostElements / count);
    array.shape.push_back(static_cast<size_t>(extent));
    count *= array.shape.back();
  }
  return array;
}

// Room is made as the numbers come, since a file may claim any number of them.
void read_numbers(Element& element, MatArray& array, const std::string& path) {
  constexpr size_t kStride = size_t{1} << 24;
  Part part = read_part(element, 0);
  const size_t each = number_bytes(part.tag.type);
  if (each == 0 || part.tag.bytes / each != array.count() || part.tag.bytes % each != 0)
    fail("{}: its array '{}' is damaged: its numbers do not fit its shape", path, array.name);
  array.type = static_cast<int>(part.tag.type);
  array.bytes = std::move(part.data);
  for (size_t done = array.bytes.size(); done < part.tag.bytes; done = array.bytes.size()) {
    array.bytes.resize(std::min<size_t>(part.tag.bytes, done + kStride));
    element.read(std::span(array.bytes).subspan(done));
  }
  element.expect_end();
}

template <typename Number>
double number_at(const std::vector<uint8_t>& bytes, size_t i) {
  Number number;
  std::memcpy(&number, bytes.data() + i * sizeof number, sizeof number);
  return static_cast<double>(number);
}

}  // namespace

size_t MatArray::count() const {
  size_t count = 1;
  for (const size_t extent : shape) count *= extent;
  return count;
}

double MatArray::at(size_t i) const {
  switch (type) {
    case 1:
      return number_at<int8_t>(bytes, i);
    case 2:
      return number_at<uint8_t>(bytes, i);
    case 3:
      return number_at<int16_t>(bytes, i);
    case 4:
      return number_at<uint16_t>(bytes, i);
    case 5:
      return number_at<int32_t>(bytes, i);
    case 6:
      return number_at<uint32_t>(bytes, i);
    case 7:
      return number_at<float>(bytes, i);
    default:
      return number_at<double>(bytes, i);
  }
}

std::vector<MatArray> read_mat(const std::filesystem::path& path,
                               const std::function<bool(const MatArray&)>& is_wanted) {
  const std::string name = path.string();
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown))
    fail("{}: is no MATLAB file", name);  // or a pipe, never read
  std::ifstream file(path, std::ios::binary);
  const uint64_t size = std::filesystem::file_size(path, unknown);
  std::array<char, kHeaderBytes> header{};
  file.read(header.data(), header.size());
  if (!file || unknown || std::string_view(header.data(), 6) != "MATLAB") fail("{}: is no MATLAB file", name);
  if (header[125] != 1 || header[126] != 'I' || header[127] != 'M')
    fail(ErrorKind::unsupported,
         "{}: is a MATLAB file of another version; v7 is read (`save -v7`, scipy.io.savemat), v7.3 is not",
         name);
  std::vector<MatArray> arrays;
  for (uint64_t at = kHeaderBytes; at < size;) {
    std::array<uint8_t, kTagBytes> bytes{};
    file.seekg(static_cast<std::streamoff>(at));
    file.read(reinterpret_cast<char*>(bytes.data()), bytes.size());
    const Tag tag = tag_of(bytes);
    if (!file || tag.bytes > size - at - kTagBytes)
      fail("{}: truncated: it ends after {} bytes, in the middle of an array; download it again", name, size);
    if (tag.type == kMatrix || tag.type == kCompressed) {
      Element element(file, name, tag.bytes, tag.type == kCompressed);
      Tag inner{kMatrix, 0};
      if (tag.type == kCompressed) {
        element.read(bytes);
        inner = tag_of(bytes);
      }
      if (inner.type != kMatrix) fail("{}: is a damaged MATLAB file", name);
      MatArray array = read_description(element, name);
      if (!array.shape.empty() && is_wanted(array)) {
        read_numbers(element, array, name);
        arrays.push_back(std::move(array));
      }
    }
    at += kTagBytes + tag.bytes;
  }
  return arrays;
}

}  // namespace pact::data
