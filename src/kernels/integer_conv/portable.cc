// The specification of `multiply`: plain loops.
#include "kernels/integer_conv/integer_conv.h"

namespace pact::kernels {
namespace {

void multiply(const IntegerWindows& w) noexcept {
  constexpr int kBlock = IntegerConvKernels::kBlock;
  for (int64_t p = 0; p < w.pixel_count; ++p) {
    int32_t sums[kBlock] = {};
    const int16_t* weights = w.weights;
    for (int64_t s = 0; s < w.segment_count; ++s) {
      const int16_t* x = w.x + w.pixels[p] + w.segments[s];
      for (int64_t k = 0; k < w.length; ++k, x += 2, weights += 2 * kBlock)
        for (int o = 0; o < kBlock; ++o) sums[o] += x[0] * weights[2 * o] + x[1] * weights[2 * o + 1];
    }
    for (int o = 0; o < kBlock; ++o) w.accumulators[p * w.stride + o] = sums[o];
  }
}

}  // namespace
}  // namespace pact::kernels

#define PACT_ISA portable
#include "kernels/integer_conv/body.inc"
