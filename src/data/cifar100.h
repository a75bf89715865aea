// CIFAR-100 (Krizhevsky 2009) in its binary version (data/cifar_files.h), with its fine labels.
#pragma once

#include <string>

#include "data/dataset.h"

namespace pact::data {

// Reads train.bin and test.bin from the folder of `options`; a record has the coarse label (20 groups of
// classes), which is not used, then the fine one. Throws Error.
TrainTest load_cifar100(const std::string& options, Part part);

// The data set without its images.
Dataset describe_cifar100(const std::string& options);

// Throws Error where its files are not all there.
void require_cifar100(const std::string& options);

}  // namespace pact::data
