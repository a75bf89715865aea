// Which part of a photograph a network sees, in evaluation and in training, as is usual for ImageNet.
#pragma once

#include "base/random.h"
#include "data/image.h"

namespace pact::data {

// The square of `size` in the middle of the picture whose short side was resized to `resize`, as a region of
// the picture itself: its side is size / resize of the short side.
Region centre_crop(int height, int width, double size, double resize);

// The same square at a random place (Krizhevsky et al. 2012).
Region random_crop(int height, int width, double size, double resize, Random& random);

// A random part of the picture (Szegedy et al. 2015): its area a share of the whole, uniform in [min_share,
// 1], its width over its height log-uniform in [3/4, 4/3], at a uniform place. Where ten draws do not fit,
// the largest part in the middle with such an aspect.
Region random_resized_crop(int height, int width, double min_share, Random& random);

}  // namespace pact::data
