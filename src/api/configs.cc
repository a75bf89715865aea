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

// A file that was perhaps meant, written as a path: of this folder or below configs.
std::string file_of_this_name(const std::string& kind, const std::string& name) {
  std::error_code ignored;
  for (const fs::path& folder : {fs::path("."), fs::path("configs"), fs::path("configs") / kind})
    for (const std::string& file : {name + ".json", name})
      if (fs::is_regular_file(folder / file, ignored)) return (folder / file).string();
  return "";
}

}  // namespace

fs::path find_config(const std::string& kind, const std::string& name) {
  std::error_code ignored;
  if (name.ends_with(".json") || name.find('/') != std::string::npos) {
    const std::string other = file_of_this_name(kind, fs::path(name).stem().string());
    if (!fs::exists(name, ignored) && !other.empty())
      fail("{}: there is no such file; there is {}", name, other);
    return name;
  }
  std::vector<std::string> known;
  const fs::path installed =
      fs::read_symlink("/proc/self/exe", ignored).parent_path() / "../share/pact/configs";
  for (const fs::path& configs : {fs::path("configs"), fs::path(PACT_CONFIGS), installed}) {
    const fs::path folder = configs / kind;
    if (fs::exists(folder / (name + ".json"))) return folder / (name + ".json");
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".json") known.push_back(entry.path().stem().string());
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  const std::string what = kind.ends_with("s") ? kind.substr(0, kind.size() - 1) : kind;
  const std::string here = file_of_this_name(kind, name);
  fail("{}{}", unknown_name(what, name, known),
       here.empty()
           ? ""
           : fmt::format(". There is {}: a file is given with its folder or ending, as {}", here, here));
}

}  // namespace pact::api
