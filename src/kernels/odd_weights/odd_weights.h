// Products with odd weights w = 2 v + 1, which have one bit more than bytes v:
//   sum w x = 2 sum v x + sum x
// The first sum is a product of bytes (byte_conv, split_conv); here it becomes the other, in place. The sum
// of a window's bytes is the same for all output channels.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace pact::kernels {

// accumulators[p * stride + o] = 2 * accumulators[p * stride + o] + start[o]
//   + sum over s < segment_count, k < length of x[pixels[p] + segments[s] + k]            modulo 2^32
// for o < width, a multiple of 16.
struct OddWindows {
  const uint8_t* x;
  const int64_t* pixels;
  int64_t pixel_count;
  const int64_t* segments;
  int64_t segment_count;
  int64_t length;  // of a segment; at most 2^20 bytes in a window
  const int32_t* start;
  int32_t* accumulators;
  int64_t width, stride;
};

struct OddWeightsKernels {
  // sums[p] = the sum of the bytes of window p; of what lies behind `length` nothing is read.
  void (*sum_windows)(const OddWindows&, int32_t* sums) noexcept;
  void (*finish)(const OddWindows&) noexcept;
};

const OddWeightsKernels& odd_weights_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const OddWeightsKernels kOddWeights_##isa;
#include "kernels/odd_weights/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
