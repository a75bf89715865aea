// Where a command may write: looked at before the work, since what a slip of the hand would replace, a
// checkpoint or an image of the data set, is not to be had again.
#pragma once

#include <filesystem>
#include <vector>

namespace pact::api {

// What the file is to be. Networks are known by the names of their files.
enum class OutputKind { page, predictions, table, picture, network };

// Throws Error where `path` cannot be written, is one of `inputs`, or exists and is of another kind.
void require_output(const std::filesystem::path& path, OutputKind kind,
                    const std::vector<std::filesystem::path>& inputs);

}  // namespace pact::api
