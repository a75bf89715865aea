// The settings of a training run, with names, defaults and limits; settings.inc is the list.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace pact::train {

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

// What is wrong with settings from several places, so that all of it is told at once. What depends on a value that
// could not be read is not judged.
struct SettingProblems {
  std::vector<std::string> messages;
  std::set<std::string> unread;  // names
};

// As above, of several.
void set(Settings& settings, const std::map<std::string, std::string>& texts, SettingProblems& problems);

// Applies a recipe: a JSON object of settings, with "description" allowed. Problems name file and key.
void apply_recipe(Settings& settings, const std::filesystem::path& path, SettingProblems& problems);

// Adds all values out of range.
void find_problems(const Settings& settings, SettingProblems& problems);

// Throws one Error that lists them, if there are any.
void refuse(const SettingProblems& problems);
void require_valid(const Settings& settings);

nlohmann::ordered_json to_json(const Settings& settings);
Settings settings_from_json(const nlohmann::json& json, const std::string& origin);

// The settings in which two runs differ, as sentences; those that may change in a resumed run
// (loader_threads, checkpoint_steps, device) are left out.
std::vector<std::string> differences(const Settings& ours, const Settings& theirs);

}  // namespace pact::train
