// The specification: plain loops.
#include "kernels/split_conv/split_conv.h"

namespace pact::kernels {
namespace {

constexpr int kBlock = SplitConvKernels::kBlock;

void add_four(const uint8_t* x, const int8_t* weights, uint32_t* sums) {
  for (int o = 0; o < kBlock; ++o)
    for (int e = 0; e < 4; ++e) sums[o] += static_cast<uint32_t>(x[e] * weights[4 * o + e]);
}

void multiply(const SplitWindows& w) noexcept {
  for (int64_t block = 0; block < w.blocks; ++block)
    for (int64_t p = 0; p < w.pixel_count; ++p) {
      uint32_t sums[kBlock];
      for (int o = 0; o < kBlock; ++o) sums[o] = static_cast<uint32_t>(w.start[block * kBlock + o]);
      const uint8_t* x = w.x + w.pixels[p];
      const int8_t* weights = w.weights + block * w.segment_count * w.fours * 4 * kBlock;
      for (int64_t s = 0; s < w.segment_count; ++s)
        for (int64_t k = 0; k < w.fours; ++k, weights += 4 * kBlock)
          add_four(x + w.segments[s] + 4 * k, weights, sums);
      for (int64_t e = w.extra_begin[block]; e < w.extra_begin[block + 1]; ++e)
        add_four(x + w.extra_offsets[e], w.extra_weights + e * 4 * kBlock, sums);
      for (int o = 0; o < kBlock; ++o)
        w.accumulators[p * w.stride + block * kBlock + o] = static_cast<int32_t>(sums[o]);
    }
}

}  // namespace

const SplitConvKernels kSplitConv_portable = {multiply};

}  // namespace pact::kernels
