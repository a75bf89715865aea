// Weights of any size for kernels/split_conv: pairs that are too heavy for it keep a part, and what is left
// over becomes extra turns.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/aligned.h"

namespace pact::engine {

struct ExtraTurns {
  AlignedVector<int8_t> weights;  // [turn][block of outputs][4]
  std::vector<int64_t> offsets;   // of each, from the first element of the window
  std::vector<int64_t> begin;     // [blocks + 1]
};

// Splits `weights`, [block][segment][four][block of outputs][4], in place; `segments` are the offsets of the
// segments of a window, of `fours` fours each. Of a heavy pair both weights are halved.
ExtraTurns split(std::span<int8_t> weights, std::span<const int64_t> segments, int64_t fours);

// The extra turns there would be for each turn, without making them.
double extra_share(std::span<const int8_t> weights);

}  // namespace pact::engine
