#include "data/idx_file.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <span>

#include "base/error.h"
#include "base/strings.h"

namespace pact::data {
namespace {

// Pipes would be waited for.
gzFile open_regular(const std::filesystem::path& path) {
  return std::filesystem::is_regular_file(path) ? gzopen(path.c_str(), "rb") : nullptr;
}

// A file that zlib reads, decompressing where it is compressed.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path)
      : path_(path.string()), file_(open_regular(path), gzclose) {
    if (!file_) fail("{}: cannot be read", path_);
    gzbuffer(file_.get(), 1 << 17);
  }

  // Fills `out`, or says how far the file reaches.
  void read(std::span<uint8_t> out) {
    constexpr size_t kMost = size_t{1} << 30;  // zlib counts in int
    while (!out.empty()) {
      const int got = gzread(file_.get(), out.data(), static_cast<unsigned>(std::min(out.size(), kMost)));
      check();
      if (got <= 0) fail("{}: truncated: it ends after {} bytes; download it again", path_, total_);
      total_ += static_cast<size_t>(got);
      out = out.subspan(static_cast<size_t>(got));
    }
  }

  // Nothing may be left. Only reading on shows whether the checksum of a compressed file is right.
  void expect_end() {
    uint8_t more = 0;
    const int got = gzread(file_.get(), &more, 1);
    check();
    if (got > 0) fail("{}: is longer than its header says", path_);
  }

 private:
  void check() {
    int error = Z_OK;
    const char* message = gzerror(file_.get(), &error);
    if (error == Z_BUF_ERROR) fail("{}: truncated: its compressed data end early; download it again", path_);
    if (error != Z_OK) fail("{}: is damaged: {}; download it again", path_, message);
  }

  std::string path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
  size_t total_ = 0;
};

}  // namespace

IdxArray read_idx(const std::filesystem::path& path, size_t dimensions, size_t max_bytes) {
  Reader reader(path);
  std::vector<uint8_t> header(4 + 4 * dimensions);
  reader.read(std::span(header).first(4));
  if (header[0] != 0 || header[1] != 0 || header[2] != 8 || header[3] != dimensions)
    fail("{}: is no idx file of bytes with {} dimensions (it begins {:02x} {:02x} {:02x} {:02x})",
         path.string(), dimensions, header[0], header[1], header[2], header[3]);
  reader.read(std::span(header).subspan(4));
  IdxArray array;
  size_t count = 1;
  for (size_t d = 0; d < dimensions; ++d) {
    const uint8_t* b = header.data() + 4 + 4 * d;
    array.shape.push_back(uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | uint32_t{b[3]});
    const uint32_t extent = array.shape.back();
    if (extent == 0 || extent > max_bytes / count)
      fail("{}: its header says dimensions of {}, which is out of range", path.string(),
           fmt::join(array.shape, " x "));
    count *= extent;
  }
  array.bytes.resize(count);
  reader.read(array.bytes);
  reader.expect_end();
  return array;
}

}  // namespace pact::data
