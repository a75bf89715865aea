#include "api_train/sweep/fields.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/strings.h"
#include "train/setting_text.h"
#include "train/settings.h"

namespace pact::api {
namespace {

std::string word(const Json& json, const std::string& key) {
  if (!json.is_string() || json.get_ref<const std::string&>().empty()) fail("'{}' must be a word", key);
  return json.get<std::string>();
}

std::vector<std::string> words(const Json& json, const std::string& key) {
  if (!json.is_array()) return {word(json, key)};
  std::vector<std::string> list;
  for (const Json& element : json) list.push_back(word(element, key));
  return list;
}

std::vector<double> numbers(const Json& json, const std::string& key) {
  std::vector<double> list;
  for (const Json& element : json.is_array() ? json : Json::array({json})) {
    if (!element.is_number()) fail("'{}' must be a list of numbers", key);
    list.push_back(element.get<double>());
  }
  return list;
}

}  // namespace

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const train::SettingEntry& entry : train::setting_entries()) names.push_back(entry.name);
  return names;
}

void require_keys(const Json& object, const std::vector<std::string>& known) {
  if (!object.is_object()) fail("must be a JSON object");
  const std::vector<std::string> settings = setting_names();
  std::vector<std::string> problems, unknown;
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::count(known, key) > 0) continue;
    if (std::ranges::count(settings, key) > 0)
      problems.push_back(fmt::format("'{}' is a setting and belongs into \"settings\" or \"axes\"", key));
    else if (unknown.push_back(key); unknown.size() == 1)
      problems.push_back(unknown_name("key", key, known));
  }
  if (unknown.size() > 1)
    problems.push_back("unknown as well: " + join({unknown.begin() + 1, unknown.end()}));
  if (!problems.empty()) fail("{}", join(problems, "; "));
}

const std::vector<std::string>& part_keys() {
  static const std::vector<std::string> keys = {"network", "data", "recipe", "settings", "mean", "std"};
  return keys;
}

void apply_parts(RunParts& parts, const Json& object) {
  for (const auto& [key, value] : object.items()) {
    if (key == "network") parts.network = word(value, key);
    if (key == "data") parts.dataset = word(value, key);
    if (key == "recipe") parts.recipes = words(value, key);
    if (key == "mean") parts.mean = numbers(value, key);
    if (key == "std") parts.std = numbers(value, key);
    if (key != "settings") continue;
    if (!value.is_object()) fail("'settings' must be an object of settings");
    Problems problems;
    for (const auto& [name, setting] : value.items())
      problems.attempt(name, [&, &name = name, &setting = setting] {
        train::Settings trial;
        const std::string text = train::setting_text(setting, name);
        train::set(trial, name,
                   text.find('{') == std::string::npos ? text : "0");  // a placeholder: looked at later
        parts.settings[name] = text;
      });
    if (!problems.empty()) fail("{}", join(problems.messages(), "; "));
  }
}

// What a sweep writes beside the folders of its runs, and their logs.
constexpr std::string_view kOwnFiles[] = {"results.json", "sweep.md", "sweep.csv", "sweep.html"};

void require_folder_name(const std::string& name) {
  const bool is_good =
      !name.empty() && name[0] != '.' && name[0] != '-' && std::ranges::all_of(name, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
      });
  if (!is_good)
    fail("the name '{}' must be made of letters, digits and _ . - and begin with a letter or digit", name);
  // File systems take 255, of which a log's ending and a temporary name are some.
  constexpr size_t kLongest = 200;
  if (name.size() > kLongest) fail("the name '{}...' has more than {} letters", name.substr(0, 40), kLongest);
  const auto is_taken = [&](std::string_view mine) { return name == mine; };
  if (name.ends_with(".log") || std::ranges::any_of(kOwnFiles, is_taken))
    fail("the name '{}' is that of a file of the sweep itself: results.json, sweep.*, logs", name);
}

}  // namespace pact::api
