#include "data/spec_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"

namespace pact::data {
namespace {

// The length of the name in "name=value", 0 when `item` does not look like that.
size_t option_name_length(const std::string& item) {
  const size_t equals = item.find('=');
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  if (equals == std::string::npos || !std::all_of(item.begin(), item.begin() + equals, is_letter)) return 0;
  return equals;
}

}  // namespace

SpecOptions::SpecOptions(const std::string& set, const std::string& text,
                         const std::vector<std::string>& known)
    : set_(set) {
  std::vector<std::string> items = split(text, ',');
  while (!items.empty()) {
    const size_t length = option_name_length(items.back());
    if (length == 0) break;
    const std::string name = items.back().substr(0, length);
    if (std::ranges::find(known, name) == known.end())
      fail("{}", unknown_name("option of " + set, name, known));
    if (!values_.emplace(name, items.back().substr(length + 1)).second)
      fail("{}: option {} is given twice", set, name);
    items.pop_back();
  }
  directory_ = join(items, ",");
}

long long SpecOptions::integer(const std::string& option, long long otherwise, long long low,
                               long long high) const {
  const auto found = values_.find(option);
  if (found == values_.end()) return otherwise;
  const auto number = parse_integer(found->second);
  if (!number || *number < low || *number > high)
    fail("{}: '{}={}' is no good; {} must be a whole number from {} to {}", set_, option, found->second,
         option, low, high);
  return *number;
}

double SpecOptions::real(const std::string& option, double otherwise, double low, double high) const {
  const auto found = values_.find(option);
  if (found == values_.end()) return otherwise;
  const auto number = parse_real(found->second);
  if (!number || !(*number >= low && *number <= high))
    fail("{}: '{}={}' is no good; {} must be a number from {} to {}", set_, option, found->second, option,
         low, high);
  return *number;
}

std::string SpecOptions::word(const std::string& option, const std::vector<std::string>& words) const {
  const auto found = values_.find(option);
  if (found == values_.end()) return words.at(0);
  if (std::ranges::find(words, found->second) == words.end()) {
    std::vector<std::string> shown = words;
    std::erase(shown, "");  // what stands for "not given"
    fail("{}: '{}={}' is no good; {} is one of: {}", set_, option, found->second, option, join(shown));
  }
  return found->second;
}

}  // namespace pact::data
