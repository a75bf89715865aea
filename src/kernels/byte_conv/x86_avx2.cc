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

// out = from + the sums of neighbours
inline void widen(int32_t* out, const int32_t* from, __m256i sums) {
  const __m256i wide = _mm256_madd_epi16(sums, _mm256_set1_epi16(1));
  const __m256i before = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_add_epi32(before, wide));
}

// The fours [first_four, last_four) of the segments [first, last) of a block.
struct Part {
  int64_t first, last, first_four, last_four;
  const int32_t* before;  // what the sums of pixel 0 are added to; those of pixel i, at i * before_stride
  int64_t before_stride;
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
#define PACT_WIDEN(i)                                                                 \
  if constexpr (i < kPixels) {                                                        \
    widen(out + i * w.stride, part.before + i * part.before_stride, low##i);          \
    widen(out + i * w.stride + 8, part.before + i * part.before_stride + 8, high##i); \
  }
  PACT_PIXELS(PACT_WIDEN)
#undef PACT_WIDEN
}

template <int kPixels>
void tile(const ByteWindows& w, int64_t block, int64_t first_pixel) {
  const int8_t* weights = w.weights + block * w.segment_count * w.fours * 4 * kBlock;
  int32_t* out = w.accumulators + first_pixel * w.stride + block * kBlock;
  Part part{.first = 0,
            .last = 0,
            .first_four = 0,
            .last_four = 0,
            .before = w.start + block * kBlock,
            .before_stride = 0};
  for (; part.first < w.segment_count; part.first += w.short_segments) {
    part.last = part.first + w.short_segments;
    if (part.last > w.segment_count) part.last = w.segment_count;
    for (part.first_four = 0; part.first_four < w.fours; part.first_four += w.short_fours) {
      part.last_four = part.first_four + w.short_fours;
      if (part.last_four > w.fours) part.last_four = w.fours;
      add_part<kPixels>(w, part, weights, w.pixels + first_pixel, out);
      part.before = out;
      part.before_stride = w.stride;
    }
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

using Probed = __m256i;
inline __m256i add_products(__m256i sums, __m256i x, __m256i w) {
  return _mm256_add_epi16(sums, _mm256_maddubs_epi16(x, w));
}

}  // namespace
}  // namespace pact::kernels

#include "kernels/byte_conv/probe.inc"

namespace pact::kernels {
const ByteConvKernels kByteConv_x86_avx2 = {multiply, unpack, true, 64, probe};
}
