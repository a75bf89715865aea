// What is in a data set: images of each class, and the mean and deviation of its pixels.
#pragma once

#include <functional>
#include <vector>

#include "data/dataset.h"

namespace pact::data {

struct Statistics {
  std::vector<int64_t> of_class;  // images
  std::vector<double> mean, std;  // of the pixels of each channel, 0 to 255, as evaluation sees them
};

// Reads every image, with every core; `on_progress` hears now and then how many are done, from one thread.
// Throws one Error that names the images which cannot be read, the first twenty and how many more there are.
Statistics measure(const Dataset& dataset, const std::function<void(int64_t)>& on_progress);

}  // namespace pact::data
