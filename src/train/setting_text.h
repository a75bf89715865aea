// Settings as JSON has them: numbers, words and lists, in recipes, run.json and sweep files alike.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace pact::train {

// The text that `set` (settings.h) reads, of a JSON number or string or a list of them. Throws Error, naming
// `where`.
std::string setting_text(const nlohmann::json& json, const std::string& where);

}  // namespace pact::train
