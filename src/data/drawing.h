// One image of the data set "shapes".
#pragma once

#include <cstdint>
#include <span>

#include "base/random.h"

namespace pact::data {

constexpr int kDrawingSide = 32;
constexpr int kDrawingChannels = 3;

// Draws the figure `label` on a textured background, with smaller figures beside it, bars across it and noise
// over it all, into `out` (32 x 32 x 3, HWC). A pure function of `random`'s state and `label`.
void draw(int label, Random& random, std::span<uint8_t> out) noexcept;

}  // namespace pact::data
