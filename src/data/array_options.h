// Options that all sets held in memory share: fewer images, another size, grey for colour or colour for grey.
#pragma once

#include "data/dataset.h"
#include "data/spec_options.h"

namespace pact::data {

// "train", "test", "size", "channels", and `more`.
std::vector<std::string> array_options(const std::vector<std::string>& more = {});

// Applies them: the first `train` and `test` images; images of size x size, resampled; 1 or 3 channels (grey
// is repeated, colours become luminance), the normalization with them. Throws Error on a bad value.
void apply_array_options(const SpecOptions& options, TrainTest& loaded);
// The same for a description: no images.
void apply_array_options(const SpecOptions& options, Dataset& set);

}  // namespace pact::data
