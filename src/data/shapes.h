// The built-in data set: ten kinds of drawn figures in 32 x 32 colour, for trying everything out without
// files.
#pragma once

#include <string>

#include "data/dataset.h"

namespace pact::data {

// `options`: "train=N,test=N,seed=N", each may be left out (16000, 4000, 1). Image i of a part is a pure
// function of (seed, part, i) and has label i mod 10, so that every part is balanced, and a larger set begins
// with the smaller one. A part that was not asked for has no images. Throws Error on bad options.
TrainTest load_shapes(const std::string& options, Part part);

// The data set without its images.
Dataset describe_shapes(const std::string& options);

}  // namespace pact::data
