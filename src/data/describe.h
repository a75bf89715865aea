// What can be told of a data set before images are read: what a network must fit, and whether its files are there.
#pragma once

#include <string>

#include "data/dataset.h"

namespace pact::data {

// The data set that `spec` names without its images: their shape, classes and normalization. Throws Error on
// an unknown name or option.
Dataset describe_dataset(const std::string& spec);

// Throws Error where files of the data set that `spec` names are not there; reads no images.
void require_files(const std::string& spec);

}  // namespace pact::data
