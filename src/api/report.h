// `pact report` as a function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pact::api {

struct RunRow {
  std::string run, network, status;
  std::optional<int64_t> weights, activations;  // bits, as far as run.json tells
  int64_t epochs = 0;                      // complete
  std::optional<double> test_top1;         // of the last evaluation, per cent
  std::optional<int64_t> bytes;            // of the parameters, packed at their bits
  std::vector<std::string> notes;          // on what is missing or damaged
};

// One page about all of `runs`, written to `output`, and the same runs in figures. Throws Error.
std::vector<RunRow> write_report(const std::vector<std::filesystem::path>& runs,
                                 const std::filesystem::path& output);

}  // namespace pact::api
