// Files are read whole and written whole: to a temporary name beside the target, synced, then renamed, so
// that a reader never meets half a file and a full disk or a killed process leaves the old one as it was.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace pact {

// The bytes of `path`. Throws Error when it is missing, is not a file, or is larger than `max_bytes`.
std::string read_file(const std::filesystem::path& path, size_t max_bytes = size_t{4} << 30);

// The first bytes of `path`, at most `count`, and no more is read. Throws Error when it is missing or is not a file.
std::string read_beginning(const std::filesystem::path& path, size_t count);

// Replaces `path` by `bytes`, atomically. Throws Error (the old file then still stands). A device or pipe is written to
// as it stands; a pipe that nobody reads is an error.
void write_file(const std::filesystem::path& path, std::string_view bytes);

// Several files, all or none: they are put in place once every one of them is written. Throws Error.
struct NewFile {
  std::filesystem::path path;
  std::string_view bytes;
};
void write_files(std::span<const NewFile> files);

// Appends `text` to `path` and flushes it to the operating system. Throws Error.
void append_file(const std::filesystem::path& path, std::string_view text);

// Creates `path` and its parents and proves that it can be written to. Throws Error.
void make_writable_directory(const std::filesystem::path& path);

// Holds a folder for this process alone, until it ends however it ends. Throws Error when another process holds it.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::filesystem::path& path);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int fd_;
};

// Removes what killed writers left in `path`: files that end in .tmp.
void remove_temporary_files(const std::filesystem::path& path);

}  // namespace pact
