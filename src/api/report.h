// `pact report` as a function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
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

// One page about all of `runs`, written to `output`, and the same runs in figures; a run that is named again counts
// once, and `on_note` gets a sentence on it. Throws Error.
std::vector<RunRow> write_report(const std::vector<std::filesystem::path>& runs,
                                 const std::filesystem::path& output,
                                 const std::function<void(const std::string&)>& on_note = {});

}  // namespace pact::api
