// Objects in JSON that hold a name twice. Parsers keep one of the two without a word; who wrote both meant something.
#pragma once

#include <optional>
#include <string>

namespace pact {

// The first key that an object within `text`, JSON perhaps with comments, has twice; nothing where there is none, or
// as far as the text is no JSON.
std::optional<std::string> repeated_key(const std::string& text);

}  // namespace pact
