// Integer convolution of any unsigned by any signed bytes, for instruction sets that add up products of bytes
// in 16 bits, two at a time (vpmaddubsw). Two products fit where the positive ones of their weights make at
// most 128 together and the negative ones at least -128; few pairs of trained weights do not. Those are split
// in two parts that do: one stays in its place, the other is multiplied in an extra turn.
//
// Three operations for 32 products against four with 16-bit operands, and half the memory. Windows are those
// of byte_conv.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace pact::kernels {

// accumulators[p * stride + o] = start[o]
//   + sum over s < segment_count, k < 4 * fours of       x[pixels[p] + segments[s] + k] * w(o, s, k)
//   + sum over extra turns e of o's block, k < 4 of      x[pixels[p] + extra_offsets[e] + k] * v(o, e, k)
// modulo 2^32, for o < blocks * kBlock.
struct SplitWindows {
  const uint8_t* x;
  const int64_t* pixels;
  int64_t pixel_count;
  const int64_t* segments;
  int64_t segment_count;
  int64_t fours;                 // of a segment, rounded up; elements beyond it have weight 0, but are read
  const int8_t* weights;         // w: [block][segment][four][kBlock][4]
  const int64_t* extra_begin;    // [blocks + 1]; block b has the extra turns from extra_begin[b] to [b + 1]
  const int64_t* extra_offsets;  // [extra turn]
  const int8_t* extra_weights;   // v: [extra turn][kBlock][4]
  int64_t blocks;
  const int32_t* start;
  int32_t* accumulators;
  int64_t stride;
};

struct SplitConvKernels {
  static constexpr int kBlock = 16;
  // The bounds that w and v keep, of elements 0 and 1 of a four and of 2 and 3: 255 * 128 < 2^15.
  static constexpr int kLargestPair = 128;
  void (*multiply)(const SplitWindows&) noexcept;
};

const SplitConvKernels& split_conv_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const SplitConvKernels kSplitConv_##isa;
#include "kernels/split_conv/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
