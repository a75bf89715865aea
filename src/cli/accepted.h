// What options accept, checked while the command line is read. Inline, since the training module has its own
// copy.
#pragma once

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
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

// One of --mean or --std, of pixels on the scale 0..1: of those no mean and no deviation is beyond 1, so that who
// gives more has numbers of the scale 0..255 at hand. A deviation of a thousandth is a quarter of one of 256 levels.
inline constexpr double kLeastDeviation = 1e-3;
enum class PixelNumber { mean, deviation };
inline CLI::Validator pixel_number(PixelNumber what) {
  const bool is_mean = what == PixelNumber::mean;
  return {[is_mean](const std::string& text) {
            const std::optional<double> number = parse_real(trim(text));
            const char* form = is_mean ? "a number up to 1" : "a number above 0 and up to 1";
            if (!is_mean && number && *number > 0 && *number < kLeastDeviation)
              return fmt::format("expected {}, not '{}': a deviation is at least {}", form, text,
                                 kLeastDeviation);
            if (!number || !std::isfinite(*number) || (!is_mean && *number <= 0))
              return fmt::format("expected {}, not '{}'", form, text);
            if (*number > 1)
              return fmt::format(
                  "expected {}, not '{}': pixels go from 0 to 1 here, so divide by 255: {:.4g}", form, text,
                  *number / 255);
            return std::string();
          },
          ""};
}

}  // namespace pact::cli
