#include "data/remote/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "base/error.h"

namespace pact::data {
namespace fs = std::filesystem;
namespace {

using Reader = std::unique_ptr<archive, int (*)(archive*)>;

// Removes a folder when it goes.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

[[noreturn]] void fail_with(const fs::path& file, archive* reader) {
  const char* why = archive_error_string(reader);
  fail("{}: is a damaged archive: {}; remove it and download it again", file.string(),
       why ? why : "unknown cause");
}

void write_entry(const fs::path& file, archive* reader, const fs::path& target) {
  fs::create_directories(target.parent_path());
  std::ofstream out(target, std::ios::binary | std::ios::trunc);
  while (true) {
    const void* bytes = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(reader, &bytes, &size, &offset);
    if (code == ARCHIVE_EOF) break;
    if (code < ARCHIVE_WARN) fail_with(file, reader);
    out.seekp(offset).write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  }
  out.close();
  if (!out) fail("{}: cannot be written; is the disk full?", target.string());
}

bool leads_out(const fs::path& name) {
  return name.is_absolute() || std::ranges::find(name, fs::path("..")) != name.end();
}

}  // namespace

void unpack(const fs::path& file, const fs::path& directory, const std::string& name) {
  const TemporaryFolder beside(directory / fmt::format(".{}-{}.tmp", name, ::getpid()));
  const Reader reader(archive_read_new(), archive_read_free);
  PACT_CHECK(reader != nullptr);
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_all(reader.get());
  constexpr size_t kBlock = size_t{1} << 16;
  if (archive_read_open_filename(reader.get(), file.c_str(), kBlock) != ARCHIVE_OK)
    fail_with(file, reader.get());
  while (true) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) break;
    if (code < ARCHIVE_WARN) fail_with(file, reader.get());
    const char* text = archive_entry_pathname(entry);
    const fs::path path = fs::path(text ? text : "").lexically_normal();
    if (path.empty() || leads_out(path))
      fail("{}: has an entry '{}', which leads out of its folder", file.string(), text ? text : "");
    if (archive_entry_filetype(entry) == AE_IFDIR) fs::create_directories(beside.path() / path);
    if (archive_entry_filetype(entry) == AE_IFREG) write_entry(file, reader.get(), beside.path() / path);
  }
  if (!fs::is_directory(beside.path() / name)) fail("{}: has no folder '{}'", file.string(), name);
  fs::rename(beside.path() / name, directory / name);
}

}  // namespace pact::data
