// How many products of bytes can be added up in 16 bits, for the weights at hand: the fewer bits the operands
// have, the more. Exact, not a guess: no input whatever makes such a sum, or a part of it, leave 16 bits.
#pragma once

#include <cstdint>
#include <span>

namespace pact::engine {

struct SummedWeights {
  std::span<const int8_t> weights;  // [block][segment][four][block of outputs][4]
  int64_t block;
  int64_t segments, fours;
  int64_t largest_byte;  // of what they are multiplied with, from 0 on
};

// The fours of a segment, and the segments, in one sum; more than one segment only with all of their fours.
struct ShortSums {
  int64_t fours = 0, segments = 0;  // 0: not even one product of two pairs fits
  bool is_everything = false;       // one sum takes the whole window
};

// The longest sums, of those that halve the window again and again.
ShortSums find_short_sums(const SummedWeights& weights);

}  // namespace pact::engine
