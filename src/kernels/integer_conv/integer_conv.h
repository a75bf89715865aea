// Integer convolution as an implicit matrix product over channels-last images.
//
// Both operands are 16-bit integers: the input with its zero code taken off and a border of zeros, the
// weights as multiplicands (|w| <= 255). Products of pairs are then exact for every width of codes, so one
// kernel serves all. The window of an output pixel is a few contiguous *segments* of the input (a row of the
// window, or a single tap of a dilated or grouped one); their offsets are tables made once per layer, and
// nothing below knows of strides, padding or images. Every instruction set gives the bits of the portable
// kernel.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace pact::kernels {

// accumulators[p * stride + o] = sum over s < segment_count, k < length of
//   x[pixels[p] + segments[s] + k] * w(o, s, k)
struct IntegerWindows {
  const int16_t* x;
  const int64_t* pixels;
  int64_t pixel_count;
  const int64_t* segments;
  int64_t segment_count;
  // multiply: half of a segment's length, rounded up; an odd segment's last partner has weight 0, but is
  // read. depthwise: the channels.
  int64_t length;
  const int16_t* weights;
  int32_t* accumulators;
  int64_t stride;
};

struct IntegerConvKernels {
  // Output channels that `multiply` computes at once.
  static constexpr int kBlock = 16;
  // A block of kBlock channels; weights are [segment][pair][kBlock][2].
  void (*multiply)(const IntegerWindows&) noexcept;
  // Each channel by itself: segments are taps of one pixel, weights are [tap][channel], w(o, s, k) = 0 for
  // k != o.
  void (*depthwise)(const IntegerWindows&) noexcept;
  // out[i] = x[i], bytes as u8 or i8.
  void (*widen_u8)(int64_t count, const uint8_t* x, int16_t* out) noexcept;
  void (*widen_i8)(int64_t count, const int8_t* x, int16_t* out) noexcept;
};

const IntegerConvKernels& integer_conv_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const IntegerConvKernels kIntegerConv_##isa, kIntegerConv_##isa##_emulated;
#include "kernels/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
