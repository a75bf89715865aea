// With vpdpbusd on 512 bits. Where sums are stored: tiles of up to 12 pixels by 32 channels, 24 of the 32
// registers and, with a pointer for each pixel, all of the others; a last block of 16 channels by itself.
// Pixels are dealt out evenly, so that no small tile is left over. Where sums are requantized: smaller tiles,
// beside which the sums of the tile before stay in registers (pipelined_512.inc; sliding_512.inc where windows
// share pixels). What they leave over goes through tiles of the first kind, and their sums through the cache.
#include "kernels/byte_conv/byte_conv.h"
#include "kernels/x86_intrinsics.h"

#include "kernels/byte_conv/unpack.inc"
#include "kernels/requantize/sources.inc"
#include "kernels/requantize/x86_avx512.inc"

#include "kernels/requantize/is_form.inc"
#include "kernels/byte_conv/tile_512.inc"

#include "kernels/requantize/finish_512.inc"

#include "kernels/byte_conv/meanwhile_512.inc"

#include "kernels/byte_conv/pipelined_512.inc"

#include "kernels/byte_conv/sliding_512.inc"

#undef PACT_FOUR_AT_LAST
#undef PACT_FOUR_MEANWHILE
#undef PACT_MEANWHILE
#undef PACT_STORE
#undef PACT_REQUANTIZE

namespace pact::kernels {
namespace {

#define PACT_PIXELS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#if defined(PACT_EMULATE)
#define PACT_TILES(DO) DO(0) DO(1) DO(2) DO(3) DO(4)  // each takes the compiler a second
constexpr int64_t kMostPixels = 5;
#else
#define PACT_TILES(DO) PACT_PIXELS(DO)
constexpr int64_t kMostPixels = 12;
#endif

// kBlocks blocks of channels, 1 or 2, from `block` on.
template <int kPixels, int kBlocks>
void tile(const ByteWindows& w, int64_t block, int64_t first_pixel, int32_t* out, int64_t stride) {
  const int64_t block_bytes = w.segment_count * w.fours * 4 * kBlock;
  const int8_t* weights = w.weights + block * block_bytes;
  const int8_t* more_weights = weights + (kBlocks == 2 ? block_bytes : 0);
  const int64_t* pixels = w.pixels + first_pixel;
  const int32_t* start = w.start + block * kBlock;
  const int32_t* more_start = start + (kBlocks == 2 ? kBlock : 0);
#define PACT_START(i) __m512i low##i = _mm512_loadu_si512(start), high##i = _mm512_loadu_si512(more_start);
  PACT_PIXELS(PACT_START)
#undef PACT_START
#define PACT_POINT(i) const uint8_t* x##i = w.x + pixels[i < kPixels ? i : 0];
  PACT_PIXELS(PACT_POINT)
#undef PACT_POINT
  for (int64_t s = 0; s < w.segment_count; ++s) {
    const int64_t end = w.segments[s] + 4 * w.fours;
    for (int64_t at = w.segments[s]; at < end; at += 4, weights += 4 * kBlock, more_weights += 4 * kBlock) {
      foresee_near(weights);
      foresee_near(more_weights);
      const __m512i w_low = _mm512_loadu_si512(weights);
      const __m512i w_high = _mm512_loadu_si512(more_weights);
#define PACT_ADD(i)                                                                   \
  if constexpr (i < kPixels) {                                                        \
    const __m512i four = four_at(x##i + at);                                          \
    low##i = _mm512_dpbusd_epi32(low##i, four, w_low);                                \
    if constexpr (kBlocks == 2) high##i = _mm512_dpbusd_epi32(high##i, four, w_high); \
  }
      PACT_PIXELS(PACT_ADD)
#undef PACT_ADD
    }
  }
#define PACT_STORE(i)                                                                    \
  if constexpr (i < kPixels) {                                                           \
    _mm512_storeu_si512(out + i * stride, low##i);                                       \
    if constexpr (kBlocks == 2) _mm512_storeu_si512(out + i * stride + kBlock, high##i); \
  }
  PACT_PIXELS(PACT_STORE)
#undef PACT_STORE
}

using Tile = void (*)(const ByteWindows&, int64_t block, int64_t first_pixel, int32_t* out, int64_t stride);
#define PACT_TILE(i) tile<i + 1, kBlocks>,
template <int kBlocks>
constexpr Tile kTiles[] = {PACT_TILES(PACT_TILE)};
#undef PACT_TILE
#undef PACT_TILES
#undef PACT_PIXELS

// run(tile, block, first pixel, pixels) for tiles of the pixels from `first` on by the blocks [block, end), each kBlocks
// at a time.
template <int kBlocks, typename Run>
inline void each_tile(const ByteWindows& w, int64_t first, int64_t block, int64_t end, const Run& run) {
  for (; block + kBlocks <= end; block += kBlocks) {
    int64_t left = (w.pixel_count - first + kMostPixels - 1) / kMostPixels;
    for (int64_t p = first; left > 0; --left) {
      const int64_t pixels = (w.pixel_count - p + left - 1) / left;
      run(kTiles<kBlocks>[pixels - 1], block, p, pixels);
      p += pixels;
    }
  }
}

void multiply(const ByteWindows& given) noexcept {
  const ByteWindows w = given;
  const auto store = [&](Tile tile, int64_t block, int64_t p, int64_t) {
    tile(w, block, p, w.accumulators + p * w.stride + block * kBlock, w.stride);
  };
  each_tile<2>(w, 0, 0, w.blocks / 2 * 2, store);
  each_tile<1>(w, 0, w.blocks / 2 * 2, w.blocks, store);
}

// The sums [pixel][kBlocks][kBlock] of a tile, from the first cache.
template <int kBlocks, typename Finish>
void finish_tile(const ByteWindows& w, const Finish& finish, int32_t* sums, int64_t block,
                 int64_t first_pixel, int64_t pixels) {
  constexpr int64_t kRows = 4 / kBlocks;
  const int64_t channel = block * kBlock;
  const auto at = [&](int64_t i) { return sums + i * kBlock; };
  if (w.window_sums)
    for (int64_t i = 0; i < pixels * kBlocks; ++i)
      _mm512_storeu_si512(at(i), of_odd(_mm512_loadu_si512(at(i)),
                                        _mm512_loadu_si512(w.odd_start + channel + i % kBlocks * kBlock),
                                        _mm512_set1_epi32(w.window_sums[first_pixel + i / kBlocks])));
  for (int64_t row = 0; row < pixels; row += kRows) {
    const Place first = finish.at(first_pixel + row, channel);
    Place place = first;
    const auto next = [&](int64_t i) {
      if (row + i / kBlocks >= pixels) return _mm512_setzero_si512();
      const __m512i codes = finish.code_of(_mm512_loadu_si512(at(row * kBlocks + i)), place, i % kBlocks);
      if (i % kBlocks == kBlocks - 1) finish.next_row(place);
      return codes;
    };
    const __m512i a = next(0), b = next(1), c = next(2), d = next(3);
    finish.template store<kBlocks>(a, b, c, d, first, pixels - row);
  }
}

// As many pixels as whole tiles have go the fast way; but a few left over would be slow by themselves.
template <int kBlocks, typename Finish>
void finish_blocks(const ByteWindows& w, const Requantize& asked, int64_t block, int64_t end) {
  if (block == end) return;
  constexpr int64_t kPixels = kSums / kBlocks, kFew = 2;
  int64_t tiles = w.pixel_count / kPixels;
  const int64_t rest = w.pixel_count % kPixels;
  if (tiles > 0 && rest > 0 && rest <= kFew) --tiles;
  pipeline<kBlocks, Finish>(w, asked, tiles, block, end);
  const Finish finish(asked);
  each_tile<kBlocks>(w, tiles * kPixels, block, end, [&](Tile tile, int64_t at, int64_t p, int64_t pixels) {
    alignas(64) int32_t sums[kMostPixels * kBlocks * kBlock];
    finish.template foresee_outputs<kBlocks>(finish.at(p, at * kBlock), pixels);
    tile(w, at, p, sums, kBlocks * kBlock);
    finish_tile<kBlocks>(w, finish, sums, at, p, pixels);
  });
}

void multiply_and_requantize(const ByteWindows& given, const Requantize& outputs) noexcept {
  // Copies, since codes are bytes, which for all that a compiler knows might lie in what is given.
  const ByteWindows w = given;
  const Requantize asked = outputs;
  with_form(asked, [&]<typename Finish>() {
    const int64_t even = w.blocks / 2 * 2;
    finish_blocks<2, Finish>(w, asked, 0, even);
    if (even == w.blocks) return;
    can_slide(w) ? slide<Finish>(w, asked, even) : finish_blocks<1, Finish>(w, asked, even, w.blocks);
  });
}

using Probed = __m512i;
inline __m512i add_products(__m512i sums, __m512i x, __m512i w) { return _mm512_dpbusd_epi32(sums, x, w); }

}  // namespace
}  // namespace pact::kernels

#include "kernels/byte_conv/probe.inc"

namespace pact::kernels {
const ByteConvKernels PACT_TABLE(kByteConv_x86_avx512vnni) = {
    multiply, unpack, false, 128, probe, multiply_and_requantize, kSums / 2, takes_unpadded};
}
