#include "base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"

namespace pact {
namespace {

std::string reason() { return std::strerror(errno); }

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  // Closes now; network file systems report a full disk only here.
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Reads `path` as far as `wanted`, which gets its size, says.
template <typename Wanted>
std::string read(const std::filesystem::path& path, const Wanted& wanted) {
  // Without O_NONBLOCK a pipe would be waited for; files do not mind.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) fail("{}: cannot be read: {}", path.string(), reason());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("{}: cannot be read: {}", path.string(), reason());
  if (!S_ISREG(status.st_mode)) fail("{}: is not a regular file", path.string());
  std::string bytes(wanted(static_cast<size_t>(status.st_size)), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("{}: cannot be read: {}", path.string(), reason());
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace

std::string read_file(const std::filesystem::path& path, size_t max_bytes) {
  return read(path, [&](size_t size) {
    if (size > max_bytes)
      fail("{}: has {} bytes, more than the {} that such a file may have", path.string(), size, max_bytes);
    return size;
  });
}

std::string read_beginning(const std::filesystem::path& path, size_t count) {
  return read(path, [&](size_t size) { return std::min(size, count); });
}

namespace {

// What is neither a file nor a folder, as /dev/null and pipes: it takes bytes, but must not be replaced.
bool is_device(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

void write_to_device(const std::filesystem::path& path, std::string_view bytes) {
  // A reader of a pipe would be waited for without a word; once there is one, writing may wait for it.
  Descriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  if (device.get() < 0 && errno == ENXIO) fail("{}: is a pipe that nobody reads", path.string());
  if (device.get() < 0 || ::fcntl(device.get(), F_SETFL, O_WRONLY) != 0 || !write_all(device.get(), bytes) ||
      !device.close())
    fail("{}: cannot be written: {}", path.string(), reason());
}

// What is to stand at `path`, written beside it; it goes again unless it is put in place.
class Written {
 public:
  Written(const std::filesystem::path& path, std::string_view bytes)
      : path_(path), temporary_(fmt::format("{}.{}.tmp", path.string(), ::getpid())) {
    Descriptor file(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0) give_up("open");
    if (!write_all(file.get(), bytes)) give_up("write");
    if (::fsync(file.get()) != 0) give_up("sync");
    if (!file.close()) give_up("close");
  }
  ~Written() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }
  Written(Written&& other) noexcept : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)) {
    other.temporary_.clear();
  }
  Written& operator=(Written&&) = delete;

  void put_in_place() {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) give_up("rename");
    temporary_.clear();
  }
  // The rename is durable once the folder is synced; file systems that cannot do that are left alone.
  void sync_folder() const {
    const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
    Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() >= 0) ::fsync(directory.get());
  }

 private:
  [[noreturn]] void give_up(const char* step) {
    const std::string why = reason();
    ::unlink(temporary_.c_str());
    fail("{}: cannot be written ({}: {}); nothing was changed", path_.string(), step, why);
  }

  std::filesystem::path path_;
  std::string temporary_;  // empty: in place, or another's
};

}  // namespace

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  if (is_device(path)) return write_to_device(path, bytes);
  Written written(path, bytes);
  written.put_in_place();
  written.sync_folder();
}

void write_files(std::span<const NewFile> files) {
  std::vector<Written> all;
  for (const NewFile& file : files) {
    // What a rename cannot replace must be met before the first of them.
    if (std::filesystem::is_directory(file.path))
      fail("{}: is a folder, where a file is to be written; nothing was changed", file.path.string());
    all.emplace_back(file.path, file.bytes);
  }
  for (Written& written : all) written.put_in_place();
  if (!all.empty()) all.back().sync_folder();
}

void append_file(const std::filesystem::path& path, std::string_view text) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.get() < 0 || !write_all(file.get(), text) || !file.close())
    fail("{}: cannot be written: {}", path.string(), reason());
}

void make_writable_directory(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail("{}: cannot be created: {}", path.string(), error.message());
  const std::string probe = fmt::format("{}/.pact-{}.tmp", path.string(), ::getpid());
  Descriptor file(::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.get() < 0) fail("{}: cannot be written to: {}", path.string(), reason());
  ::unlink(probe.c_str());
}

DirectoryLock::DirectoryLock(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) fail("{}: cannot be opened: {}", path.string(), reason());
  // File systems without locks (some network ones) are used without.
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(fd_);
    fail("{}: another process is writing to it; wait for it or stop it", path.string());
  }
}

DirectoryLock::~DirectoryLock() { ::close(fd_); }

void remove_temporary_files(const std::filesystem::path& path) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
    if (entry.path().extension() == ".tmp") std::filesystem::remove(entry.path(), ignored);
}

}  // namespace pact
