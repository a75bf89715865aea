#include "base/repeated_key.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace pact {

std::optional<std::string> repeated_key(const std::string& text) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> open;  // keys of the objects that the parser is in
  std::optional<std::string> found;
  const auto observe = [&](int, Event event, nlohmann::json& parsed) {
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event != Event::key) return true;
    const auto& key = parsed.get_ref<const std::string&>();
    if (!open.back().insert(key).second && !found) found = key;
    return true;
  };
  [[maybe_unused]] const nlohmann::json whole = nlohmann::json::parse(text, observe, false, true);
  return found;
}

}  // namespace pact
