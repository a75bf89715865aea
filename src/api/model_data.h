// The images that a model is tried on.
#pragma once

#include <filesystem>
#include <string>

#include "data/dataset.h"

namespace pact::api {

// The data set `given`, or where it is empty the one that the run `model` was trained on. Throws Error, which
// says what to give where there is none, or the run's own is not to be found from here.
data::TrainTest load_data_for(const std::filesystem::path& model, const std::string& given, data::Part part);

}  // namespace pact::api
