// Files of configs/ by their names.
#pragma once

#include <filesystem>
#include <string>

namespace pact::api {

// `name` as a path, or the file configs/<kind>/<name>.json of this folder or of the source tree. Throws Error
// that lists the names there are.
std::filesystem::path find_config(const std::string& kind, const std::string& name);

}  // namespace pact::api
