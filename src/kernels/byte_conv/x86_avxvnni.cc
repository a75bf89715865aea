// With vpdpbusd on 256 bits: tiles of up to 6 pixels by 16 channels, 12 of the 16 registers, named one by
// one, because g++ 12 leaves arrays of them in memory.
#include "kernels/byte_conv/byte_conv.h"
#include "kernels/x86_intrinsics.h"

#include "kernels/byte_conv/unpack.inc"

namespace pact::kernels {
namespace {

constexpr int kBlock = ByteConvKernels::kBlock;
constexpr int64_t kMostPixels = 6;

#define PACT_PIXELS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

#if defined(PACT_EMULATE)
inline __m256i add_products(__m256i sums, __m256i x, __m256i w) { return _mm256_dpbusd_epi32(sums, x, w); }
#else
inline __m256i add_products(__m256i sums, __m256i x, __m256i w) {
  return _mm256_dpbusd_avx_epi32(sums, x, w);
}
#endif

inline __m256i four_at(const uint8_t* x) {
  int four;
  __builtin_memcpy(&four, x, sizeof(four));
  return _mm256_set1_epi32(four);
}

template <int kPixels>
void tile(const ByteWindows& w, int64_t block, int64_t first_pixel) {
  const __m256i* weights =
      reinterpret_cast<const __m256i*>(w.weights + block * w.segment_count * w.fours * 4 * kBlock);
  const int64_t* pixels = w.pixels + first_pixel;
  const __m256i* start = reinterpret_cast<const __m256i*>(w.start + block * kBlock);
#define PACT_START(i) __m256i low##i = _mm256_loadu_si256(start), high##i = _mm256_loadu_si256(start + 1);
  PACT_PIXELS(PACT_START)
#undef PACT_START
  for (int64_t s = 0; s < w.segment_count; ++s) {
    const uint8_t* x = w.x + w.segments[s];
#define PACT_POINT(i) const uint8_t* x##i = x + pixels[i < kPixels ? i : 0];
    PACT_PIXELS(PACT_POINT)
#undef PACT_POINT
    for (int64_t k = 0; k < 4 * w.fours; k += 4, weights += 2) {
      const __m256i w_low = _mm256_loadu_si256(weights);
      const __m256i w_high = _mm256_loadu_si256(weights + 1);
#define PACT_ADD(i)                                \
  if constexpr (i < kPixels) {                     \
    const __m256i four = four_at(x##i + k);        \
    low##i = add_products(low##i, four, w_low);    \
    high##i = add_products(high##i, four, w_high); \
  }
      PACT_PIXELS(PACT_ADD)
#undef PACT_ADD
    }
  }
  int32_t* out = w.accumulators + first_pixel * w.stride + block * kBlock;
#define PACT_STORE(i)                                                                 \
  if constexpr (i < kPixels) {                                                        \
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * w.stride), low##i);      \
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * w.stride + 8), high##i); \
  }
  PACT_PIXELS(PACT_STORE)
#undef PACT_STORE
}

using Tile = void (*)(const ByteWindows&, int64_t block, int64_t first_pixel);
#define PACT_TILE(i) tile<i + 1>,
constexpr Tile kTiles[] = {PACT_PIXELS(PACT_TILE)};
#undef PACT_TILE
#undef PACT_PIXELS

void multiply(const ByteWindows& given) noexcept {
  const ByteWindows w = given;
  for (int64_t block = 0; block < w.blocks; ++block) {
    int64_t left = (w.pixel_count + kMostPixels - 1) / kMostPixels;
    for (int64_t p = 0; left > 0; --left) {
      const int64_t pixels = (w.pixel_count - p + left - 1) / left;  // dealt out evenly
      kTiles[pixels - 1](w, block, p);
      p += pixels;
    }
  }
}

using Probed = __m256i;

}  // namespace
}  // namespace pact::kernels

#include "kernels/byte_conv/probe.inc"

namespace pact::kernels {
const ByteConvKernels PACT_TABLE(kByteConv_x86_avxvnni) = {multiply, unpack, false, 64, probe};
}
