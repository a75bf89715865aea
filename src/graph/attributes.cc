// Attributes as the text form writes them: an integer has neither point nor exponent, a real has one of them.
#include "graph/attributes.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace pact::graph {
namespace {

std::string text_of(int64_t integer) { return fmt::format("{}", integer); }

// The shortest digits that read back as the same double.
std::string text_of(double real) {
  std::string text = fmt::format("{}", real);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string text_of(const std::string& word) { return word; }

template <typename Element>
std::string text_of(const std::vector<Element>& list) {
  std::vector<std::string> parts;
  parts.reserve(list.size());
  for (const Element element : list) parts.push_back(text_of(element));
  return "[" + join(parts, ",") + "]";
}

}  // namespace

std::string to_string(const Attribute& attribute) {
  return std::visit([](const auto& held) { return text_of(held); }, attribute);
}

std::string_view kind_of(const Attribute& attribute) {
  static constexpr std::string_view kKinds[] = {"an integer", "a real", "a word", "a list of integers",
                                                "a list of reals"};
  return kKinds[attribute.index()];
}

}  // namespace pact::graph
