// The settings of a training run, with names, defaults and limits; settings.inc is the list.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/problems.h"

namespace pact::train {

// The setting `teacher` of a run whose network, as it came, is its teacher; and the file in its directory.
inline constexpr const char* kItself = "itself";
inline constexpr const char* kOwnTeacher = "teacher.pact";

using Integer = int64_t;
using Real = double;
using Word = std::string;
using Words = std::vector<std::string>;

struct Settings {
#define PACT_SETTING(type, name, default_value, help) type name = default_value;
#include "train/settings.inc"
#undef PACT_SETTING
};

struct SettingEntry {
  std::string name;
  std::string type;  // "Integer", "Real", "Word", "Words"
  std::string default_text;
  std::string help;
};
const std::vector<SettingEntry>& setting_entries();

// Sets one by its name from text (Words: separated by commas). Throws Error on an unknown name or a bad
// value.
void set(Settings& settings, const std::string& name, const std::string& text);

// As above, of several. A problem is about the setting of its name.
void set(Settings& settings, const std::map<std::string, std::string>& texts, Problems& problems);

// Applies a recipe: a JSON object of settings, with "description" allowed. Problems name file and key.
void apply_recipe(Settings& settings, const std::filesystem::path& path, Problems& problems);

// Adds all values out of range. What depends on a value that is wrong itself is not judged.
void find_problems(const Settings& settings, Problems& problems);

// Throws one Error that lists them, if there are any.
void require_valid(const Settings& settings);

nlohmann::ordered_json to_json(const Settings& settings);
Settings settings_from_json(const nlohmann::json& json, const std::string& origin);

// The settings in which two runs differ, as sentences; those that may change in a resumed run
// (loader_threads, checkpoint_steps, device) are left out.
std::vector<std::string> differences(const Settings& ours, const Settings& theirs);

}  // namespace pact::train
