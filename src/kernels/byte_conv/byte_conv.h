// Integer convolution as an implicit matrix product of bytes, unsigned codes by signed weights, over
// channels-last images: half the memory and up to four times the speed of integer_conv, for layers whose
// operands fit.
//
// As there, windows are a few contiguous segments of a padded image; here the padding holds the zero codes,
// and what they contribute is taken off by `start`. The weights of kBlock output channels lie together, four
// neighbours of a segment after the other, which is the operand of vpdpbusd. Every instruction set gives the
// bits of the portable kernel.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "kernels/requantize/requantize.h"

namespace pact::kernels {

// Of the windows of a row of pixels: the segments that lie in the image, at least one; and which sums they begin with.
struct ByteRow {
  int64_t first_segment, segment_count;
  int64_t start;  // offset in ByteWindows::start
};

// accumulators[p * stride + o] = start[o] + sum over s < segment_count, k < 4 * fours of
//   x[pixels[p] + segments[s] + k] * w(o, s, k)                                        modulo 2^32
// for o < blocks * kBlock.
struct ByteWindows {
  const uint8_t* x;
  const int64_t* pixels;
  int64_t pixel_count;
  const int64_t* segments;
  int64_t segment_count;
  int64_t fours;          // of a segment, rounded up; elements beyond it have weight 0, but are read
  const int8_t* weights;  // [block][segment][four][kBlock][4]
  int64_t blocks;
  const int32_t* start;
  int32_t* accumulators;
  int64_t stride;
  // What may be summed in 16 bits, for instruction sets that have no sums of bytes in 32 (uses_short_sums):
  // the products of elements 0 and 1, and those of 2 and 3, of the fours [i * short_fours, (i + 1) *
  // short_fours) of the segments [j * short_segments, (j + 1) * short_segments).
  int64_t short_fours, short_segments;
  // Where a segment is a row of pixels of `step` bytes, and pixels[p + 1] is pixels[p] + step but at the end of each
  // row_pixels: windows share what they read. 0 where that is not so.
  int64_t step = 0, row_pixels = 0;
  // For multiply_and_requantize alone, where takes_unpadded: the image is not padded, though windows reach one pixel
  // beyond its rows. Of the first and the last window of each row_pixels, the first and the last pixel of segment s are
  // outside[segments[s] + k], k < step. The windows of row r have only the segments of rows[r]. Null where all of their
  // pixels lie in memory.
  const uint8_t* outside = nullptr;
  const ByteRow* rows = nullptr;
  // For multiply_and_requantize alone, where weights are odd (kernels/odd_weights): what is requantized is
  //   2 * accumulator + odd_start[o] + window_sums[p]                                  modulo 2^32
  // Null for others.
  const int32_t* window_sums = nullptr;
  const int32_t* odd_start = nullptr;
};

// Weights of at most 4 bits as they rest in memory: a line of kPackedLine bytes holds field 0 of the next
// kPackedLine weights in its lowest bits, then field 1 of those that follow, and so on. per_byte is 2 or 4.
//   weight = (field << scale_shift) + least
inline constexpr int kPackedLine = 64;
struct PackedWeights {
  const uint8_t* packed;
  int64_t lines;
  int per_byte;
  int scale_shift, least;
  int8_t* weights;  // lines * per_byte * kPackedLine of them
};

struct ByteConvKernels {
  static constexpr int kBlock = 16;
  void (*multiply)(const ByteWindows&) noexcept;
  void (*unpack)(const PackedWeights&) noexcept;
  bool uses_short_sums;
  int64_t macs_per_cycle;  // what the multipliers of such a core can do at most, for choosing
  // What those of this very machine do: products of registers, and their sums, that depend on nothing. Returns how
  // many multiplications that were. Null where nobody has written it.
  int64_t (*probe)(int64_t rounds) noexcept = nullptr;
  // The same product, but instead of being stored as accumulators, sums are requantized as `outputs` says
  // (rows: pixels; channel 0: the first of the first block; accumulators and width: not read) while they are
  // in registers. For what can_finish (kernels/requantize) allows. Null where nobody has written it.
  void (*multiply_and_requantize)(const ByteWindows&, const Requantize& outputs) noexcept = nullptr;
  int64_t tile_pixels = 1;  // it is fastest with multiples of so many
  // Whether it takes such windows with `rows`, whatever is in those and whatever the pointers. Null: never.
  bool (*takes_unpadded)(const ByteWindows&) noexcept = nullptr;
};

const ByteConvKernels& byte_conv_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const ByteConvKernels kByteConv_##isa, kByteConv_##isa##_emulated;
#include "kernels/byte_conv/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
