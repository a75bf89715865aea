// Images that are read when they are wanted, and the one way to get an image of any data set.
#pragma once

#include <span>

#include "base/random.h"
#include "data/augment.h"
#include "data/dataset.h"

namespace pact::data {

class ImageSource {
 public:
  virtual ~ImageSource() = default;
  // Image `index`, HWC, into `out`; without augmentation as evaluation sees it. A pure function of its
  // arguments and the file; called by several threads at once. Throws Error, naming the file.
  virtual void read(size_t index, const Augmentation& how, Random& random, std::span<uint8_t> out) const = 0;
  // The file of image `index`, for messages.
  virtual std::string path_of(size_t index) const = 0;
};

// Image `index` of `dataset`, wherever it lies, augmented with what `random` draws, into `out`.
void read_augmented(const Dataset& dataset, size_t index, const Augmentation& how, Random& random,
                    std::span<uint8_t> out);

}  // namespace pact::data
