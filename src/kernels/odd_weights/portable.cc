// The specification: plain loops.
#include "kernels/odd_weights/odd_weights.h"

namespace pact::kernels {
namespace {

uint32_t sum_of_window(const OddWindows& w, int64_t pixel) {
  uint32_t sum = 0;
  for (int64_t s = 0; s < w.segment_count; ++s)
    for (int64_t k = 0; k < w.length; ++k) sum += w.x[w.pixels[pixel] + w.segments[s] + k];
  return sum;
}

void sum_windows(const OddWindows& w, int32_t* sums) noexcept {
  for (int64_t p = 0; p < w.pixel_count; ++p) sums[p] = static_cast<int32_t>(sum_of_window(w, p));
}

void finish(const OddWindows& w) noexcept {
  for (int64_t p = 0; p < w.pixel_count; ++p) {
    const uint32_t sum = sum_of_window(w, p);
    for (int64_t o = 0; o < w.width; ++o) {
      int32_t& accumulator = w.accumulators[p * w.stride + o];
      accumulator = static_cast<int32_t>(2 * static_cast<uint32_t>(accumulator) +
                                         static_cast<uint32_t>(w.start[o]) + sum);
    }
  }
}

}  // namespace

const OddWeightsKernels kOddWeights_portable = {sum_windows, finish};

}  // namespace pact::kernels
