// Training-time augmentation of small images: pad, random crop, random horizontal flip (the CIFAR recipe of
// He et al. 2016). Photographs are cropped from their files instead (data/crop.h).
#pragma once

#include <cstdint>
#include <span>

#include "base/random.h"
#include "data/dataset.h"

namespace pact::data {

enum class Flip { never, random };

struct Augmentation {
  // Pixels added on each side before a crop of the original size; 0: no crop. For photographs: 0: the crop of
  // evaluation, else random crops.
  int pad = 0;
  Flip flip = Flip::never;
};

// Writes the augmented `image` (H*W*C bytes, HWC) to `out` of the same size. Pixels from outside take the
// mean of their channel (rounded `normalization.mean`), which the network sees as zero.
void augment(const Augmentation& how, const ImageShape& shape, const Normalization& normalization,
             Random& random, std::span<const uint8_t> image, std::span<uint8_t> out);

}  // namespace pact::data
