// Reading a JSON object key by key, so that every complaint names the file and the key: "a.json:
// memory.on_chip_kb must be a number above 0, not -3". Keys that nobody asked for are refused, since a
// misspelt one would else be ignored.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pact::accelerator {

using Json = nlohmann::ordered_json;

// Parses `text`; `origin` names it in messages. Throws Error with the place of the mistake.
Json parse_json(const std::string& text, const std::string& origin);

struct Range {
  double least, most;
};
inline constexpr double kHuge = 1e15;

class Fields {
 public:
  // `path` is where the object stands in the file, "" for the whole of it. Throws Error unless it is an
  // object.
  Fields(const Json& object, std::string origin, std::string path = "");

  bool has(const std::string& key);
  std::string text(const std::string& key);
  // One of `choices`.
  std::string choice(const std::string& key, const std::vector<std::string>& choices);
  // Positive numbers are asked for by a least value above 0.
  double real(const std::string& key, Range range);
  int64_t integer(const std::string& key, Range range);
  Fields object(const std::string& key);
  // Nothing where the key is absent or null.
  std::optional<double> optional_real(const std::string& key, Range range);
  std::optional<int64_t> optional_integer(const std::string& key, Range range);

  const Json& raw(const std::string& key);            // throws Error when it is missing
  std::string name_of(const std::string& key) const;  // "memory.on_chip_kb"
  const std::string& origin() const { return origin_; }
  // Throws Error when the object has a key that was not read, naming the nearest known one.
  void finish() const;

 private:
  const Json& object_;
  std::string origin_, path_;
  std::set<std::string> known_;
};

}  // namespace pact::accelerator
