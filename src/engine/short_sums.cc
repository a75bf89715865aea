#include "engine/short_sums.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace pact::engine {
namespace {

// Elements 0 and 1 of each four go into one 16-bit sum, 2 and 3 into another. With bytes from 0 to largest
// every partial sum lies between largest * (sum of the negative weights) and largest * (sum of the positive
// ones).
bool fits(const SummedWeights& w, int64_t fours, int64_t segments) {
  constexpr int64_t kMostBlock = 16;
  PACT_CHECK(w.block <= kMostBlock);
  const int64_t limit = std::numeric_limits<int16_t>::max() / std::max<int64_t>(1, w.largest_byte);
  const int64_t width = w.block * 4, block_bytes = w.segments * w.fours * width;
  const auto blocks = static_cast<int64_t>(w.weights.size()) / block_bytes;
  for (int64_t block = 0; block < blocks; ++block)
    for (int64_t s = 0; s < w.segments; s += segments)
      for (int64_t k = 0; k < w.fours; k += fours) {
        int32_t above[2 * kMostBlock] = {}, below[2 * kMostBlock] = {};
        for (int64_t segment = s; segment < std::min(s + segments, w.segments); ++segment)
          for (int64_t four = k; four < std::min(k + fours, w.fours); ++four) {
            const int8_t* weights =
                w.weights.data() + block * block_bytes + (segment * w.fours + four) * width;
            for (int64_t i = 0; i < width; ++i) {
              above[i / 2] += std::max<int32_t>(weights[i], 0);
              below[i / 2] += std::max<int32_t>(-weights[i], 0);
            }
          }
        for (int64_t lane = 0; lane < 2 * w.block; ++lane)
          if (above[lane] > limit || below[lane] > limit) return false;
      }
  return true;
}

}  // namespace

ShortSums find_short_sums(const SummedWeights& w) {
  for (int64_t segments = w.segments;; segments = (segments + 1) / 2) {
    if (fits(w, w.fours, segments))
      return {.fours = w.fours, .segments = segments, .is_everything = segments == w.segments};
    if (segments == 1) break;
  }
  for (int64_t fours = (w.fours + 1) / 2;; fours = (fours + 1) / 2) {
    if (fits(w, fours, 1)) return {.fours = fours, .segments = 1, .is_everything = false};
    if (fours == 1) return {};
  }
}

}  // namespace pact::engine
