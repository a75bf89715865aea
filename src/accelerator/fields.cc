#include "accelerator/fields.h"

#include <cmath>

#include "base/error.h"
#include "base/strings.h"

namespace pact::accelerator {
namespace {

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 40) text = text.substr(0, 37) + "...";
  return text;
}

std::string range_text(Range range) {
  const bool open_end = range.most >= kHuge;
  if (range.least > 0 && range.least < 1e-6)
    return open_end ? "above 0" : fmt::format("above 0, at most {}", range.most);
  return open_end ? fmt::format("of at least {}", range.least)
                  : fmt::format("from {} to {}", range.least, range.most);
}

}  // namespace

Json parse_json(const std::string& text, const std::string& origin) {
  // Of a key given twice the parser keeps the last; that the first was meant cannot be known, so it is
  // refused.
  std::vector<std::set<std::string>> open;
  std::string twice;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return true;
  };
  Json json;
  try {
    json = Json::parse(text, watch);
  } catch (const Json::exception& error) {
    fail("{}: is not JSON: {}", origin, error.what());
  }
  if (!twice.empty()) fail("{}: the key '{}' stands twice in one object", origin, twice);
  return json;
}

Fields::Fields(const Json& object, std::string origin, std::string path)
    : object_(object), origin_(std::move(origin)), path_(std::move(path)) {
  if (!object.is_object())
    fail("{}: {} must be an object, not {}", origin_, path_.empty() ? "the file" : path_, shown(object));
}

std::string Fields::name_of(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

bool Fields::has(const std::string& key) {
  known_.insert(key);
  return object_.contains(key) && !object_.at(key).is_null();
}

const Json& Fields::raw(const std::string& key) {
  if (!has(key)) fail("{}: {} is missing", origin_, name_of(key));
  return object_.at(key);
}

std::string Fields::text(const std::string& key) {
  const Json& value = raw(key);
  if (!value.is_string()) fail("{}: {} must be a string, not {}", origin_, name_of(key), shown(value));
  return value.get<std::string>();
}

std::string Fields::choice(const std::string& key, const std::vector<std::string>& choices) {
  const std::string word = text(key);
  for (const std::string& choice : choices)
    if (word == choice) return word;
  fail("{}: {}: {}", origin_, name_of(key), unknown_name("value", word, choices));
}

double Fields::real(const std::string& key, Range range) {
  const Json& value = raw(key);
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (!(number >= range.least && number <= range.most))
    fail("{}: {} must be a number {}, not {}", origin_, name_of(key), range_text(range), shown(value));
  return number;
}

int64_t Fields::integer(const std::string& key, Range range) {
  const Json& value = raw(key);
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (!(number >= range.least && number <= range.most) || number != std::floor(number))
    fail("{}: {} must be a whole number {}, not {}", origin_, name_of(key), range_text(range), shown(value));
  return static_cast<int64_t>(number);
}

Fields Fields::object(const std::string& key) { return Fields(raw(key), origin_, name_of(key)); }

std::optional<double> Fields::optional_real(const std::string& key, Range range) {
  return has(key) ? std::optional(real(key, range)) : std::nullopt;
}

std::optional<int64_t> Fields::optional_integer(const std::string& key, Range range) {
  return has(key) ? std::optional(integer(key, range)) : std::nullopt;
}

void Fields::finish() const {
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto& [key, value] : object_.items())
    if (!known_.contains(key)) fail("{}: {}", origin_, unknown_name("key", name_of(key), known));
}

}  // namespace pact::accelerator
