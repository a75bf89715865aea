#include "base/writable.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace pact {
namespace {

void require_writable_folder(const std::filesystem::path& folder, const std::string& what) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) fail("{}: there is no folder {}", what, folder.string());
  if (!std::filesystem::is_directory(folder, ignored)) fail("{}: {} is not a folder", what, folder.string());
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    fail("{}: cannot be written, for the folder {} cannot: {}", what, folder.string(), std::strerror(errno));
}

}  // namespace

void require_writable(const std::filesystem::path& path) {
  if (path.empty()) fail("the name of a file to write is empty");
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    fail("{}: is a folder, and a file is to be written", path.string());
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored))
    return;  // a device
  require_writable_folder(path.has_parent_path() ? path.parent_path() : ".", path.string());
}

void require_can_be_made(const std::filesystem::path& path) {
  std::filesystem::path there = std::filesystem::absolute(path);
  std::error_code ignored;
  while (!std::filesystem::exists(there, ignored) && there.has_relative_path()) there = there.parent_path();
  require_writable_folder(there, path.string());
}

}  // namespace pact
