// With vpdpbusd on 512 bits: tiles of up to 12 pixels by 32 channels, 24 of the 32 registers and, with a
// pointer for each pixel, all of the others; a last block of 16 channels by itself. Pixels are dealt out
// evenly, so that no small tile is left over. The sums are named one by one, because g++ 12 leaves arrays of
// them in memory.
#include "kernels/byte_conv/byte_conv.h"
#include "kernels/x86_intrinsics.h"

#include "kernels/byte_conv/unpack.inc"

namespace pact::kernels {
namespace {

constexpr int kBlock = ByteConvKernels::kBlock;
constexpr int64_t kMostPixels = 12;

#define PACT_PIXELS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)

inline __m512i four_at(const uint8_t* x) {
  int four;
  __builtin_memcpy(&four, x, sizeof(four));
  return _mm512_set1_epi32(four);
}

// Weights lie in blocks too short for the processor to foresee by itself.
inline void foresee(const int8_t* weights) { _mm_prefetch(weights + 4096, _MM_HINT_T0); }

// kBlocks blocks of channels, 1 or 2.
template <int kPixels, int kBlocks>
void tile(const ByteWindows& w, int64_t block, int64_t first_pixel) {
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
      foresee(weights);
      foresee(more_weights);
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
  int32_t* out = w.accumulators + first_pixel * w.stride + block * kBlock;
#define PACT_STORE(i)                                                                      \
  if constexpr (i < kPixels) {                                                             \
    _mm512_storeu_si512(out + i * w.stride, low##i);                                       \
    if constexpr (kBlocks == 2) _mm512_storeu_si512(out + i * w.stride + kBlock, high##i); \
  }
  PACT_PIXELS(PACT_STORE)
#undef PACT_STORE
}

using Tile = void (*)(const ByteWindows&, int64_t block, int64_t first_pixel);
#define PACT_TILE(i) tile<i + 1, 1>,
constexpr Tile kTiles[] = {PACT_PIXELS(PACT_TILE)};
#undef PACT_TILE
#define PACT_TILE(i) tile<i + 1, 2>,
constexpr Tile kWideTiles[] = {PACT_PIXELS(PACT_TILE)};
#undef PACT_TILE
#undef PACT_PIXELS

void run_tiles(const ByteWindows& w, int64_t block, const Tile* tiles) {
  int64_t left = (w.pixel_count + kMostPixels - 1) / kMostPixels;
  for (int64_t p = 0; left > 0; --left) {
    const int64_t pixels = (w.pixel_count - p + left - 1) / left;
    tiles[pixels - 1](w, block, p);
    p += pixels;
  }
}

void multiply(const ByteWindows& given) noexcept {
  const ByteWindows w = given;
  int64_t block = 0;
  for (; block + 2 <= w.blocks; block += 2) run_tiles(w, block, kWideTiles);
  if (block < w.blocks) run_tiles(w, block, kTiles);
}

using Probed = __m512i;
inline __m512i add_products(__m512i sums, __m512i x, __m512i w) { return _mm512_dpbusd_epi32(sums, x, w); }

}  // namespace
}  // namespace pact::kernels

#include "kernels/byte_conv/probe.inc"

namespace pact::kernels {
const ByteConvKernels PACT_TABLE(kByteConv_x86_avx512vnni) = {multiply, unpack, false, 128, probe};
}
