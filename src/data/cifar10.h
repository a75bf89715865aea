// CIFAR-10 (Krizhevsky 2009) in its binary version: a record is one label byte and 3072 pixel bytes, plane by
// plane (all red, all green, all blue), rows from the top.
#pragma once

#include <string>

#include "data/dataset.h"

namespace pact::data {

// Reads data_batch_1.bin .. data_batch_5.bin (train) and test_batch.bin (test) from `directory`, or from the
// folder cifar-10-batches-bin inside it. A file holds 1 to 10000 whole records, so that small samples work
// too. A part that was not asked for has no images. Throws Error.
TrainTest load_cifar10(const std::string& directory, Part part);

// The data set without its images.
Dataset describe_cifar10();

}  // namespace pact::data
