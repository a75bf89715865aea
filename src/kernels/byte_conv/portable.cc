// The specification: plain loops.
#include "kernels/byte_conv/byte_conv.h"

#include "kernels/byte_conv/unpack.inc"

namespace pact::kernels {
namespace {

constexpr int kBlock = ByteConvKernels::kBlock;

void multiply_block(const ByteWindows& w, int64_t block) noexcept {
  for (int64_t p = 0; p < w.pixel_count; ++p) {
    uint32_t sums[kBlock];
    for (int o = 0; o < kBlock; ++o) sums[o] = static_cast<uint32_t>(w.start[block * kBlock + o]);
    const int8_t* weights = w.weights + block * w.segment_count * w.fours * 4 * kBlock;
    for (int64_t s = 0; s < w.segment_count; ++s) {
      const uint8_t* x = w.x + w.pixels[p] + w.segments[s];
      for (int64_t k = 0; k < w.fours; ++k, x += 4, weights += 4 * kBlock)
        for (int o = 0; o < kBlock; ++o)
          for (int e = 0; e < 4; ++e) sums[o] += static_cast<uint32_t>(x[e] * weights[4 * o + e]);
    }
    for (int o = 0; o < kBlock; ++o)
      w.accumulators[p * w.stride + block * kBlock + o] = static_cast<int32_t>(sums[o]);
  }
}

void multiply(const ByteWindows& w) noexcept {
  for (int64_t block = 0; block < w.blocks; ++block) multiply_block(w, block);
}

}  // namespace

const ByteConvKernels kByteConv_portable = {multiply, unpack, false, 4};

}  // namespace pact::kernels
