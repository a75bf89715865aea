// Where recipes are found.
#pragma once

#include <filesystem>
#include <string>

namespace pact::api {

// A path to a recipe file, or the name of one in configs/recipes (below the working directory, or in the
// source tree that the program was built from, or installed beside it). Throws Error that lists what there is.
std::filesystem::path find_recipe(const std::string& name);

}  // namespace pact::api
