#include "train/settings.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/repeated_key.h"
#include "base/strings.h"
#include "passes/coded_shortcuts.h"
#include "quant/activations.h"
#include "quant/weights.h"
#include "train/setting_text.h"

namespace pact::train {
namespace {

std::string to_text(Integer value) { return fmt::format("{}", value); }
std::string to_text(Real value) { return fmt::format("{}", value); }
std::string to_text(const Word& value) { return value; }
std::string to_text(const Words& value) { return join(value, ","); }

void parse(const std::string& name, const std::string& text, Integer& value) {
  const auto number = parse_integer(text);
  if (!number) fail("{} must be a whole number, not '{}'", name, text);
  value = *number;
}
void parse(const std::string& name, const std::string& text, Real& value) {
  const auto number = parse_real(text);
  if (!number || !std::isfinite(*number)) fail("{} must be a number, not '{}'", name, text);
  value = *number;
}
void parse(const std::string&, const std::string& text, Word& value) { value = text; }
void parse(const std::string&, const std::string& text, Words& value) {
  value.clear();
  if (!text.empty()) value = split(text, ',');
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const SettingEntry& entry : setting_entries()) all.push_back(entry.name);
  return all;
}

nlohmann::json parse_object(const std::string& text, const std::string& origin) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false, true);
  if (json.is_discarded() || !json.is_object()) fail("{}: is not a JSON object", origin);
  if (const auto key = repeated_key(text)) fail("{}: has '{}' twice", origin, *key);
  return json;
}

void apply(Settings& settings, const nlohmann::json& json, const std::string& origin,
           Problems& problems) {
  for (const auto& [key, value] : json.items()) {
    if (key == "description") continue;
    try {
      set(settings, key, setting_text(value, key));
    } catch (const Error& error) {
      problems.add(fmt::format("{}: {}", origin, error.what()), key);
    }
  }
}

void demand_milestones(const Words& milestones, Problems& problems) {
  long long last = 0;
  bool ascend = true;
  for (const std::string& milestone : milestones) {
    const auto epoch = parse_integer(milestone);
    if (!epoch || *epoch < 1) {
      problems.add(fmt::format("milestones must be epochs, not '{}'", milestone), "milestones");
      continue;
    }
    ascend = ascend && *epoch > last;
    last = *epoch;
  }
  if (!ascend)
    problems.add(fmt::format("milestones must ascend, each epoch once; they are {}", join(milestones, ",")),
                 "milestones");
}

}  // namespace

const std::vector<SettingEntry>& setting_entries() {
  static const std::vector<SettingEntry> entries = [] {
    const Settings defaults;
    std::vector<SettingEntry> list;
#define PACT_SETTING(type, name, default_value, help) \
  list.push_back({#name, #type, to_text(defaults.name), help});
#include "train/settings.inc"
#undef PACT_SETTING
    return list;
  }();
  return entries;
}

void set(Settings& settings, const std::string& name, const std::string& text) {
#define PACT_SETTING(type, field, default_value, help) \
  if (name == #field) return parse(name, text, settings.field);
#include "train/settings.inc"
#undef PACT_SETTING
  fail("{}", unknown_name("setting", name, names()));
}

void set(Settings& settings, const std::map<std::string, std::string>& texts, Problems& problems) {
  for (const auto& entry : texts)
    problems.attempt(entry.first, [&] { set(settings, entry.first, entry.second); });
}

void apply_recipe(Settings& settings, const std::filesystem::path& path, Problems& problems) {
  problems.attempt("", [&] {
    apply(settings, parse_object(read_file(path, 1 << 20), path.string()), path.string(), problems);
  });
}

nlohmann::ordered_json to_json(const Settings& settings) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
#define PACT_SETTING(type, name, default_value, help) json[#name] = settings.name;
#include "train/settings.inc"
#undef PACT_SETTING
  return json;
}

Settings settings_from_json(const nlohmann::json& json, const std::string& origin) {
  Settings settings;
  if (!json.is_object()) fail("{}: the settings are not a JSON object", origin);
  Problems problems;
  apply(settings, json, origin, problems);
  problems.refuse();
  return settings;
}

std::vector<std::string> differences(const Settings& ours, const Settings& theirs) {
  static const std::set<std::string> kHarmless = {"loader_threads", "checkpoint_steps", "device"};
  std::vector<std::string> list;
#define PACT_SETTING(type, name, default_value, help)                                            \
  if (ours.name != theirs.name && !kHarmless.contains(#name))                                    \
    list.push_back(fmt::format("{} is '{}' here and '{}' in the run", #name, to_text(ours.name), \
                               to_text(theirs.name)));
#include "train/settings.inc"
#undef PACT_SETTING
  return list;
}

void find_problems(const Settings& s, Problems& problems) {
  // Each problem begins with the name of its setting.
  const auto demand = [&](bool holds, const char* name, const std::string& problem) {
    if (!holds) problems.add(fmt::format("{} {}", name, problem), name);
  };
  const auto one_of = [&](const char* name, const std::string& value,
                          const std::vector<std::string>& choices) {
    for (const std::string& choice : choices)
      if (value == choice) return;
    problems.add(fmt::format("{}: {}", name, unknown_name("value", value, choices)), name);
  };
  const auto bits = [&](const char* name, Integer value) {
    demand((value >= 1 && value <= 8) || value == 32, name,
           fmt::format("must be 1 to 8 bits, or 32 for float, not {}", value));
  };
  bits("weights", s.weights);
  bits("activations", s.activations);
  bits("first_layer", s.first_layer);
  bits("last_layer", s.last_layer);
  one_of("weight_quantizer", s.weight_quantizer, quant::weight_scheme_names());
  one_of("activation_quantizer", s.activation_quantizer, quant::activation_scheme_names());
  one_of("weight_granularity", s.weight_granularity, {"tensor", "channel"});
  one_of("activation_granularity", s.activation_granularity, {"tensor", "channel"});
  one_of("shortcuts", s.shortcuts, passes::shortcuts_names());
  one_of("alpha_start", s.alpha_start, {"value", "data"});
  one_of("optimizer", s.optimizer, {"sgd", "adam"});
  one_of("nesterov", s.nesterov, {"yes", "no"});
  one_of("schedule", s.schedule, {"step", "cosine", "one-cycle"});
  one_of("flip", s.flip, {"yes", "no"});
  one_of("precision", s.precision, {"auto", "bf16", "fp32"});
  one_of("device", s.device, {"cpu", "cuda"});
  demand(s.alpha > 0, "alpha", "must be positive");
  demand(s.alpha_decay >= 0, "alpha_decay", "must not be negative");
  demand(s.alpha_rate >= 0, "alpha_rate", "must not be negative");
  demand(s.step_rate >= 0, "step_rate", "must not be negative");
  demand(s.step_decay >= 0, "step_decay", "must not be negative");
  demand(s.epochs >= 1 && s.epochs <= 100000, "epochs", "must be 1 to 100000");
  demand(s.batch >= 1 && s.batch <= 65536, "batch", "must be 1 to 65536");
  demand(s.momentum >= 0 && s.momentum < 1, "momentum", "must be in [0, 1)");
  demand(s.adam_beta2 >= 0 && s.adam_beta2 < 1, "adam_beta2", "must be in [0, 1)");
  demand(s.adam_epsilon > 0, "adam_epsilon", "must be positive");
  demand(s.rate > 0, "rate", "must be positive");
  demand(s.rate_factor > 0 && s.rate_factor <= 1, "rate_factor", "must be in (0, 1]");
  if (!problems.are_about("epochs") && !problems.are_about("warmup"))
    demand(s.warmup >= 0 && s.warmup <= static_cast<double>(s.epochs), "warmup",
           fmt::format("must be 0 to the number of epochs, {}, not {:g}", s.epochs, s.warmup));
  else
    demand(s.warmup >= 0, "warmup", "must not be negative");
  demand(s.weight_decay >= 0, "weight_decay", "must not be negative");
  demand(s.label_smoothing >= 0 && s.label_smoothing < 1, "label_smoothing", "must be in [0, 1)");
  demand(s.distill >= 0 && s.distill <= 1, "distill", "must be in [0, 1]");
  demand(s.temperature > 0, "temperature", "must be positive");
  demand(s.crop_pad >= 0 && s.crop_pad <= 64, "crop_pad", "must be 0 to 64");
  demand(s.eval_every >= 1, "eval_every", "must be at least 1");
  demand(s.threads >= 0 && s.threads <= 1024, "threads", "must be 0 to 1024");
  demand(s.loader_threads >= 1 && s.loader_threads <= 64, "loader_threads", "must be 1 to 64");
  demand(s.checkpoint_steps >= 0, "checkpoint_steps", "must not be negative");
  demand(s.seed >= 0, "seed", fmt::format("must be 0 or more, not {}", s.seed));
  demand_milestones(s.milestones, problems);
}

void require_valid(const Settings& settings) {
  Problems problems;
  find_problems(settings, problems);
  problems.refuse();
}

}  // namespace pact::train
