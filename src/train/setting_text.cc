#include "train/setting_text.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/strings.h"

namespace pact::train {

std::string setting_text(const nlohmann::json& json, const std::string& where) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_number()) return json.dump();
  if (json.is_array()) {
    std::vector<std::string> parts;
    for (const auto& element : json) parts.push_back(setting_text(element, where));
    return join(parts, ",");
  }
  fail("{}: expected a number, a string or a list of them", where);
}

}  // namespace pact::train
