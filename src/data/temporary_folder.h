// For tests: a folder of their own, removed at their end.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/files.h"

namespace pact::data {

class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / fmt::format("pact-{}-{}", name, ::getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string text() const { return path_.string(); }

  // Writes a file below it, with its folders.
  void write(const std::string& file, const std::string& bytes) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    write_file(path_ / file, bytes);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace pact::data
