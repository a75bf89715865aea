// Words for people and for shells.
#pragma once

#include <string>
#include <string_view>

namespace pact {

// `word` as a shell takes it for one word: as it is, or in quotes where it must be.
std::string shell_quoted(const std::string& word);

// "1 bit", "2 bits"
std::string counted(long long count, std::string_view what);
// "1 class", "2 classes"
std::string counted(long long count, std::string_view one, std::string_view several);

}  // namespace pact
