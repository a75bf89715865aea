// CIFAR-10 (Krizhevsky 2009) in its binary version (data/cifar_files.h).
#pragma once

#include <string>

#include "data/dataset.h"

namespace pact::data {

// Reads data_batch_1.bin .. data_batch_5.bin (train) and test_batch.bin (test) from the folder of `options`.
// A part that was not asked for has no images. Throws Error.
TrainTest load_cifar10(const std::string& options, Part part);

// The data set without its images.
Dataset describe_cifar10(const std::string& options);

// Throws Error where its files are not all there.
void require_cifar10(const std::string& options);

}  // namespace pact::data
