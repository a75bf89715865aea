// `multiply` with vpmaddwd: tiles of up to 6 pixels by 16 channels, which are 12 of the 16 registers. The
// sums are named one by one, because g++ 12 leaves arrays of them in memory.
//
// At most kPairsAtOnce pairs of a block are multiplied with all pixels before the next ones, which are added
// to the accumulators in memory: so weights are read from the first cache, whatever the length of the sums.
#include <immintrin.h>

#include "kernels/integer_conv/integer_conv.h"

namespace pact::kernels {
namespace {

constexpr int kBlock = IntegerConvKernels::kBlock;
constexpr int64_t kMostPixels = 6;
constexpr int64_t kPairsAtOnce = 256;  // 16 KB of weights, half of an L1

#define PACT_PIXELS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

// low += pair * w_low, high += pair * w_high, in assembly: with intrinsics g++ 12 finds no order of the loop
// below that keeps all sums in registers.
inline void add_products(__m256i& low, __m256i& high, const int16_t* x, __m256i w_low, __m256i w_high) {
  __m256i pair, product;
  __asm__(
      "vpbroadcastd %[x], %[pair]\n\t"
      "vpmaddwd %[w_low], %[pair], %[product]\n\t"
      "vpmaddwd %[w_high], %[pair], %[pair]\n\t"
      "vpaddd %[product], %[low], %[low]\n\t"
      "vpaddd %[pair], %[high], %[high]"
      : [low] "+x"(low), [high] "+x"(high), [pair] "=&x"(pair), [product] "=&x"(product)
      : [x] "m"(*reinterpret_cast<const int16_t(*)[2]>(x)), [w_low] "x"(w_low), [w_high] "x"(w_high));
}

inline __m256i* vector_at(int32_t* x) { return reinterpret_cast<__m256i*>(x); }

// The pairs [first_pair, last_pair) of the segments [first, last).
struct Part {
  int64_t first, last, first_pair, last_pair;
  bool is_start;  // sums start from 0, not from the accumulators
};

// Not inlined: the loop needs all general registers, too.
template <int kPixels>
[[gnu::noinline]] void add_part(const IntegerWindows& w, const Part& part, int64_t first_pixel) {
  const int64_t* pixels = w.pixels + first_pixel;
  int32_t* out = w.accumulators + first_pixel * w.stride;
#define PACT_START(i) __m256i low##i = _mm256_setzero_si256(), high##i = _mm256_setzero_si256();
  PACT_PIXELS(PACT_START)
#undef PACT_START
  for (int64_t s = part.first; s < part.last; ++s) {
    const int16_t* x = w.x + w.segments[s];
#define PACT_POINT(i)                                    \
  const int16_t* x##i = x + pixels[i < kPixels ? i : 0]; \
  __asm__("" : "+r"(x##i));  // or the loop would form the sum each time
    PACT_PIXELS(PACT_POINT)
#undef PACT_POINT
    const __m256i* weights =
        reinterpret_cast<const __m256i*>(w.weights + (s * w.length + part.first_pair) * 2 * kBlock);
    for (int64_t k = 2 * part.first_pair; k < 2 * part.last_pair; k += 2, weights += 2) {
      const __m256i w_low = _mm256_loadu_si256(weights);
      const __m256i w_high = _mm256_loadu_si256(weights + 1);
#define PACT_ADD(i) \
  if constexpr (i < kPixels) add_products(low##i, high##i, x##i + k, w_low, w_high);
      PACT_PIXELS(PACT_ADD)
#undef PACT_ADD
    }
  }
  if (!part.is_start) {
#define PACT_GO_ON(i)                                                                           \
  if constexpr (i < kPixels) {                                                                  \
    low##i = _mm256_add_epi32(low##i, _mm256_loadu_si256(vector_at(out + i * w.stride)));       \
    high##i = _mm256_add_epi32(high##i, _mm256_loadu_si256(vector_at(out + i * w.stride + 8))); \
  }
    PACT_PIXELS(PACT_GO_ON)
#undef PACT_GO_ON
  }
#define PACT_STORE(i)                                                \
  if constexpr (i < kPixels) {                                       \
    _mm256_storeu_si256(vector_at(out + i * w.stride), low##i);      \
    _mm256_storeu_si256(vector_at(out + i * w.stride + 8), high##i); \
  }
  PACT_PIXELS(PACT_STORE)
#undef PACT_STORE
}

using AddPart = void (*)(const IntegerWindows&, const Part&, int64_t first_pixel);
#define PACT_TILE(i) add_part<i + 1>,
constexpr AddPart kTiles[] = {PACT_PIXELS(PACT_TILE)};
#undef PACT_TILE
#undef PACT_PIXELS

void add_all_pixels(const IntegerWindows& w, const Part& part) {
  int64_t left = (w.pixel_count + kMostPixels - 1) / kMostPixels;
  for (int64_t p = 0; left > 0; --left) {
    const int64_t pixels = (w.pixel_count - p + left - 1) / left;  // dealt out evenly
    kTiles[pixels - 1](w, part, p);
    p += pixels;
  }
}

void multiply(const IntegerWindows& given) noexcept {
  const IntegerWindows w = given;
  const int64_t segments = w.length < kPairsAtOnce ? kPairsAtOnce / w.length : 1;
  Part part{.first = 0, .last = 0, .first_pair = 0, .last_pair = 0, .is_start = true};
  for (; part.first < w.segment_count; part.first += segments) {
    part.last = part.first + segments < w.segment_count ? part.first + segments : w.segment_count;
    for (part.first_pair = 0; part.first_pair < w.length; part.first_pair += kPairsAtOnce) {
      part.last_pair = part.first_pair + kPairsAtOnce < w.length ? part.first_pair + kPairsAtOnce : w.length;
      add_all_pixels(w, part);
      part.is_start = false;
    }
  }
}

}  // namespace
}  // namespace pact::kernels

#define PACT_ISA x86_avx2
#include "kernels/integer_conv/body.inc"
