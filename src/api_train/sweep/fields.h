// Taking a sweep file apart: known keys only, with their types, each mistake told by its place.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "api_train/sweep/sweep_file.h"

namespace pact::api {

// Ordered: the order of axes and of settings means something to who wrote it.
using Json = nlohmann::ordered_json;

// Throws Error on a key of `object` that is not among `known`, with the nearest; what is a setting belongs
// into "settings".
void require_keys(const Json& object, const std::vector<std::string>& known);

// The keys of RunParts: network, data, recipe, settings, mean, std.
const std::vector<std::string>& part_keys();
// Sets what `object` has of them; settings are added to those that are there. Throws Error.
void apply_parts(RunParts& parts, const Json& object);

// Throws Error on names that make no good folders.
void require_folder_name(const std::string& name);

std::vector<std::string> setting_names();

}  // namespace pact::api
