// With vpmaddubsw, whose sums of two products have 16 bits and would saturate: the caller promises in
// short_fours and short_segments how many of them may be added up before they are widened and added to the
// accumulators in memory. Per 32 bytes of weights that is one multiplication and one addition, twice the rate
// of 16-bit operands. Tiles are up to 6 pixels by 16 channels, 12 of the 16 registers; the sums are named one
// by one, because g++ 12 leaves arrays of them in memory.
#include <immintrin.h>

#include "kernels/byte_conv/byte_conv.h"

#include "kernels/byte_conv/unpack.inc"

namespace pact::kernels {
namespace {

constexpr int kBlock = ByteConvKernels::kBlock;
constexpr int64_t kMostPixels = 6;

#define PACT_PIXELS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

// low += four * w_low, high += four * w_high, in assembly: with intrinsics g++ 12 finds no order of the loop
// below that keeps all sums in registers.
inline void add_products(__m256i& low, __m256i& high, const uint8_t* x, __m256i w_low, __m256i w_high) {
  __m256i four, product;
  __asm__(
      "vpbroadcastd %[x], %[four]\n\t"
      "vpmaddubsw %[w_low], %[four], %[product]\n\t"
      "vpmaddubsw %[w_high], %[four], %[four]\n\t"
      "vpaddw %[product], %[low], %[low]\n\t"
      "vpaddw %[four], %[high], %[high]"
      : [low] "+x"(low), [high] "+x"(high), [four] "=&x"(four), [product] "=&x"(product)
      : [x] "m"(*reinterpret_cast<const uint8_t(*)[4]>(x)), [w_low] "x"(w_low), [w_high] "x"(w_high));
}

inline void add_widened(int32_t* out, __m256i sums) {
  __m256i* at = reinterpret_cast<__m256i*>(out);
  const __m256i wide = _mm256_madd_epi16(sums, _mm256_set1_epi16(1));
  _mm256_storeu_si256(at, _mm256_add_epi32(_mm256_loadu_si256(at), wide));
}

// The fours [first_four, last_four) of the segments [first, last) of a block.
struct Part {
  int64_t first, last, first_four, last_four;
};

// Not inlined: the loop needs all general registers, too.
template <int kPixels>
[[gnu::noinline]] void add_part(const ByteWindows& w, const Part& part, const int8_t* block,
                                const int64_t* pixels, int32_t* out) {
#define PACT_START(i) __m256i low##i = _mm256_setzero_si256(), high##i = _mm256_setzero_si256();
  PACT_PIXELS(PACT_START)
#undef PACT_START
  for (int64_t s = part.first; s < part.last; ++s) {
    const uint8_t* x = w.x + w.segments[s];
#define PACT_POINT(i)                                    \
  const uint8_t* x##i = x + pixels[i < kPixels ? i : 0]; \
  __asm__("" : "+r"(x##i));  // or the loop would form the sum each time
    PACT_PIXELS(PACT_POINT)
#undef PACT_POINT
    const __m256i* weights =
        reinterpret_cast<const __m256i*>(block + (s * w.fours + part.first_four) * 4 * kBlock);
    for (int64_t k = 4 * part.first_four; k < 4 * part.last_four; k += 4, weights += 2) {
      const __m256i w_low = _mm256_loadu_si256(weights);
      const __m256i w_high = _mm256_loadu_si256(weights + 1);
#define PACT_ADD(i) \
  if constexpr (i < kPixels) add_products(low##i, high##i, x##i + k, w_low, w_high);
      PACT_PIXELS(PACT_ADD)
#undef PACT_ADD
    }
  }
#define PACT_WIDEN(i)                             \
  if constexpr (i < kPixels) {                    \
    add_widened(out + i * w.stride, low##i);      \
    add_widened(out + i * w.stride + 8, high##i); \
  }
  PACT_PIXELS(PACT_WIDEN)
#undef PACT_WIDEN
}

template <int kPixels>
void tile(const ByteWindows& w, int64_t block, int64_t first_pixel) {
  const int8_t* weights = w.weights + block * w.segment_count * w.fours * 4 * kBlock;
  int32_t* out = w.accumulators + first_pixel * w.stride + block * kBlock;
  const __m256i* start = reinterpret_cast<const __m256i*>(w.start + block * kBlock);
  for (int i = 0; i < kPixels; ++i) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * w.stride), _mm256_loadu_si256(start));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * w.stride + 8), _mm256_loadu_si256(start + 1));
  }
  for (int64_t s = 0; s < w.segment_count; s += w.short_segments)
    for (int64_t k = 0; k < w.fours; k += w.short_fours) {
      const int64_t last = s + w.short_segments, last_four = k + w.short_fours;
      add_part<kPixels>(
          w,
          {s, last < w.segment_count ? last : w.segment_count, k, last_four < w.fours ? last_four : w.fours},
          weights, w.pixels + first_pixel, out);
    }
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

}  // namespace

const ByteConvKernels kByteConv_x86_avx2 = {multiply, unpack, true, 64};

}  // namespace pact::kernels
