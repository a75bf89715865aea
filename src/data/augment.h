// Training-time augmentation of small images: pad, random crop, random horizontal flip (the CIFAR recipe of
// He et al. 2016). Photographs are cropped from their files instead (data/crop.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

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

// Which pixels an image gets: out(y, x) = image(y + dy, x' + dx), x' = x or width - 1 - x.
struct Placement {
  int dy = 0, dx = 0;
  bool is_mirrored = false;
};

// Three numbers are drawn whatever the settings, so that one setting does not disturb another.
Placement draw_placement(const Augmentation& how, Random& random);

// What pixels from outside are, for each channel.
std::vector<uint8_t> outside_of(const Normalization& normalization);

// Writes the augmented `image` (H*W*C bytes, HWC) to `out` of the same size. Pixels from outside take the
// mean of their channel (rounded `normalization.mean`), which the network sees as zero.
void augment(const Augmentation& how, const ImageShape& shape, const Normalization& normalization,
             Random& random, std::span<const uint8_t> image, std::span<uint8_t> out);

}  // namespace pact::data
