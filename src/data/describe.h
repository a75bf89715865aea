// What a network must fit, told before images are read.
#pragma once

#include <string>

#include "data/dataset.h"

namespace pact::data {

// The data set that `spec` names without its images: their shape, classes and normalization. Throws Error on
// an unknown name or option.
Dataset describe_dataset(const std::string& spec);

}  // namespace pact::data
