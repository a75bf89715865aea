// `pact report` as a function.
#pragma once

#include <filesystem>
#include <vector>

namespace pact::api {

// One page about all of `runs`, written to `output`. Throws Error.
void write_report(const std::vector<std::filesystem::path>& runs, const std::filesystem::path& output);

}  // namespace pact::api
