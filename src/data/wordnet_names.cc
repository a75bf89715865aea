#include "data/wordnet_names.h"

#include <algorithm>
#include <map>

#include "base/files.h"
#include "base/strings.h"

namespace pact::data {
namespace fs = std::filesystem;
namespace {

using Names = std::map<std::string, std::string>;

bool is_synset(const std::string& name) {
  return name.size() == 9 && name[0] == 'n' &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

const Names& imagenette_names() {
  static const Names names = {{"n01440764", "tench"},           {"n02102040", "English springer"},
                              {"n02979186", "cassette player"}, {"n03000684", "chain saw"},
                              {"n03028079", "church"},          {"n03394916", "French horn"},
                              {"n03417042", "garbage truck"},   {"n03425413", "gas pump"},
                              {"n03445777", "golf ball"},       {"n03888257", "parachute"}};
  return names;
}

Names read_list(const fs::path& path) {
  Names names;
  for (const std::string& line : split(read_file(path, 1 << 24), '\n')) {
    const size_t blank = line.find_first_of(" \t");
    if (blank != 9 || !is_synset(line.substr(0, 9))) continue;
    const std::string_view words = std::string_view(line).substr(10);
    names.emplace(line.substr(0, 9), trim(words.substr(0, words.find(','))));
  }
  return names;
}

Names names_near(const fs::path& directory) {
  std::error_code ignored;
  fs::path folder = fs::absolute(directory, ignored);
  for (int up = 0; up <= 3; ++up, folder = folder.parent_path())
    for (const char* file : {"LOC_synset_mapping.txt", "synset_words.txt"})
      if (fs::is_regular_file(folder / file, ignored)) return read_list(folder / file);
  return imagenette_names();
}

}  // namespace

std::vector<std::string> wordnet_names(const std::vector<std::string>& folders, const fs::path& directory) {
  std::vector<std::string> classes = folders;
  if (!std::ranges::any_of(folders, is_synset)) return classes;
  const Names names = names_near(directory);
  for (std::string& name : classes)
    if (const auto found = names.find(name); found != names.end()) name = found->second;
  return classes;
}

}  // namespace pact::data
