#include "api/configs.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/strings.h"

#ifndef PACT_CONFIGS
#define PACT_CONFIGS "configs"
#endif

namespace pact::api {
namespace fs = std::filesystem;

namespace {

// A file that may be meant by a name without a folder or an ending.
std::string hint_at_file(const std::string& name) {
  std::error_code ignored;
  for (const fs::path& file : {fs::path(name), fs::path(name + ".json")})
    if (fs::is_regular_file(file, ignored))
      return fmt::format("; there is a file '{0}' here, which './{0}' names", file.string());
  return "";
}

}  // namespace

fs::path find_config(const std::string& kind, const std::string& name) {
  if (name.ends_with(".json") || name.find('/') != std::string::npos) return name;
  std::vector<std::string> known;
  std::error_code ignored;
  const fs::path installed = fs::read_symlink("/proc/self/exe", ignored).parent_path() / "../share/pact/configs";
  for (const fs::path& configs : {fs::path("configs"), fs::path(PACT_CONFIGS), installed}) {
    const fs::path folder = configs / kind;
    if (fs::exists(folder / (name + ".json"))) return folder / (name + ".json");
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".json") known.push_back(entry.path().stem().string());
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  const std::string hint = hint_at_file(name);
  fail("{}{}", unknown_name(kind.ends_with("s") ? kind.substr(0, kind.size() - 1) : kind, name, known), hint);
}

}  // namespace pact::api
