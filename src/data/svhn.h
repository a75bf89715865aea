// SVHN, Street View House Numbers (Netzer et al. 2011), format 2: digits in 32 x 32 colour, in MATLAB files.
#pragma once

#include <string>

#include "data/dataset.h"

namespace pact::data {

// Reads train_32x32.mat (train) and test_32x32.mat (test) from the folder of `options`, and with extra=yes
// adds extra_32x32.mat to the training part. Class c is the digit c, which the files write as 10 for 0.
// Throws Error.
TrainTest load_svhn(const std::string& options, Part part);

// The data set without its images.
Dataset describe_svhn(const std::string& options);

// Throws Error where its files are not all there.
void require_svhn(const std::string& options);

}  // namespace pact::data
