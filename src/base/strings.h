// Small text operations that the standard library lacks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pact {

// True when `text` matches `pattern`, in which `*` stands for any run of characters and `?` for any one.
bool matches_glob(std::string_view pattern, std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

// The whole of `text` as a number, or nothing.
std::optional<long long> parse_integer(std::string_view text);
std::optional<double> parse_real(std::string_view text);

// "a, b, c"
std::string join(const std::vector<std::string>& parts, std::string_view separator = ", ");

// The member of `names` that is nearest to `name` in edit distance, for "did you mean"; nothing when none is
// near.
std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& names);

// "unknown KIND 'name'; did you mean 'x'? There are: a, b, c"
std::string unknown_name(std::string_view kind, std::string_view name, const std::vector<std::string>& names);

}  // namespace pact
