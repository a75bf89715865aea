// Many images of a data set on one, with the names of their classes.
#pragma once

#include <vector>

#include "data/augment.h"
#include "data/dataset.h"
#include "data/image.h"

namespace pact::data {

struct SheetOptions {
  size_t count = 36;
  uint64_t seed = 1;          // which images, and what augmentation draws
  Augmentation augmentation;  // as training sees them; none: as evaluation does
};

struct Sheet {
  Image image;                  // 3 channels
  std::vector<size_t> indices;  // of the images in it, row by row
};

// At most `count` images of `dataset`, drawn without repetition, in a grid. Small images are enlarged by a
// whole number, large ones shrunk. Throws Error where an image cannot be read, or the set has none.
Sheet make_sheet(const Dataset& dataset, const SheetOptions& options);

}  // namespace pact::data
