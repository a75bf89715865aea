// What options accept, checked while the command line is read. Inline, since the training module has its own
// copy.
#pragma once

#include <CLI/CLI.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/strings.h"

namespace pact::cli {

inline CLI::Validator one_of(const std::vector<std::string>& names) {
  return {[names](const std::string& text) {
            return std::ranges::find(names, text) != names.end() ? "" : unknown_name("value", text, names);
          },
          "{" + join(names, ",") + "}"};
}

// From `least` up to `most`, or without end.
inline CLI::Validator whole_number(long long least, std::optional<long long> most = {}) {
  const std::string range = fmt::format("{} {}", least, most ? fmt::format("to {}", *most) : "or more");
  return {[=](const std::string& text) {
            const std::optional<long long> number = parse_integer(text);
            if (number && *number >= least && (!most || *number <= *most)) return std::string();
            return fmt::format("expected a whole number, {}, not '{}'", range, text);
          },
          range};
}

}  // namespace pact::cli
