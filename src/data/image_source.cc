#include "data/image_source.h"

#include <algorithm>

#include "base/error.h"

namespace pact::data {

void read_augmented(const Dataset& dataset, size_t index, const Augmentation& how, Random& random,
                    std::span<uint8_t> out) {
  PACT_CHECK(index < dataset.count());
  if (dataset.source)
    dataset.source->read(index, how, random, out);
  else
    augment(how, dataset.image, dataset.normalization, random, dataset.pixels_of(index), out);
}

void Dataset::read(size_t index, std::span<uint8_t> out) const {
  PACT_CHECK(index < count() && out.size() == image.pixels());
  if (!source) {
    std::ranges::copy(pixels_of(index), out.begin());
    return;
  }
  Random unused(0);
  source->read(index, {}, unused, out);
}

void Dataset::keep_first(size_t images) {
  if (images >= count()) return;
  labels.resize(images);
  if (!source) pixels.resize(images * image.pixels());
}

}  // namespace pact::data
