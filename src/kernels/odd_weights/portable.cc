// The specification: plain loops.
#include "kernels/odd_weights/odd_weights.h"

namespace pact::kernels {
namespace {

void finish(const OddWindows& w) noexcept {
  for (int64_t p = 0; p < w.pixel_count; ++p) {
    uint32_t sum = 0;
    for (int64_t s = 0; s < w.segment_count; ++s)
      for (int64_t k = 0; k < w.length; ++k) sum += w.x[w.pixels[p] + w.segments[s] + k];
    for (int64_t o = 0; o < w.width; ++o) {
      int32_t& accumulator = w.accumulators[p * w.stride + o];
      accumulator = static_cast<int32_t>(2 * static_cast<uint32_t>(accumulator) +
                                         static_cast<uint32_t>(w.start[o]) + sum);
    }
  }
}

}  // namespace

const OddWeightsKernels kOddWeights_portable = {finish};

}  // namespace pact::kernels
