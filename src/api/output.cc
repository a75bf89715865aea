#include "api/output.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "base/writable.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

const char* name_of(OutputKind kind) {
  switch (kind) {
    case OutputKind::page:
      return "an HTML page";
    case OutputKind::predictions:
      return "a list of predictions";
    case OutputKind::table:
      return "a table of `pact accelerate --sweep`";
    case OutputKind::picture:
      return "a PNG picture";
    case OutputKind::network:
      return "a network";
  }
  PACT_CHECK(false);
}

// Does a file that begins with `bytes` look like one of ours of this kind? An empty one holds nothing to
// lose.
bool looks_like(OutputKind kind, const std::string& bytes) {
  if (bytes.empty()) return true;
  switch (kind) {
    case OutputKind::page: {
      constexpr std::string_view kPage = "<!doctype html";
      return bytes.size() >= kPage.size() &&
             std::equal(kPage.begin(), kPage.end(), bytes.begin(),
                        [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
    }
    case OutputKind::predictions:
      return bytes.find_first_not_of("0123456789\n") == std::string::npos;
    case OutputKind::table:
      return bytes.starts_with("on_chip_kb,") || bytes.starts_with("{\"rows\":");
    case OutputKind::picture:
      return bytes.starts_with("\x89PNG");
    case OutputKind::network:
      return true;
  }
  PACT_CHECK(false);
}

// What stands in the way, as a reader knows it.
std::string description_of(const fs::path& path) {
  const fs::path folder = path.parent_path();
  const bool is_in_run = fs::exists(folder / "graph.txt") || fs::exists(folder / "run.json");
  return is_in_run
             ? fmt::format("is a file of the run {}", folder.empty() ? "in this folder" : folder.string())
             : std::string("exists");
}

}  // namespace

void require_output(const fs::path& path, OutputKind kind, const std::vector<fs::path>& inputs) {
  require_writable(path);
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return;  // new, or a device
  for (const fs::path& input : inputs)
    if (fs::equivalent(path, input, ignored))
      fail("{}: is what is read; choose another name for what is written", path.string());
  if (!looks_like(kind, read_beginning(path, 512)))
    fail("{}: {} and is not {}, which is to be written; choose another name, or remove it first",
         path.string(), description_of(path), name_of(kind));
}

}  // namespace pact::api
