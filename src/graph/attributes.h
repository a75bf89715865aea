// Attributes of a node: named integers, reals, words and lists. Which ones an op has, and their defaults,
// stands in its rule (rules.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pact::graph {

using Attribute = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;
using Attributes = std::map<std::string, Attribute>;

std::string to_string(const Attribute& attribute);     // as the text form writes it
std::string_view kind_of(const Attribute& attribute);  // "an integer", "a list of reals", ...: for messages

}  // namespace pact::graph
