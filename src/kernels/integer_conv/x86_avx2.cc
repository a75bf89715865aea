// `multiply` with vpmaddwd: tiles of up to 6 pixels by 16 channels, which are 12 of the 16 registers. The
// accumulators are named one by one, because g++ 12 leaves arrays of them in memory.
#include <immintrin.h>

#include "kernels/integer_conv/integer_conv.h"

namespace pact::kernels {
namespace {

#define PACT_PIXELS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

inline __m256i pair_at(const int16_t* x) {
  int pair;
  __builtin_memcpy(&pair, x, sizeof(pair));
  return _mm256_set1_epi32(pair);
}

template <int kPixels>
void tile(const IntegerWindows& w, const int64_t* pixels, int32_t* out) {
  const __m256i* weights = reinterpret_cast<const __m256i*>(w.weights);
#define PACT_START(i) __m256i low##i = _mm256_setzero_si256(), high##i = _mm256_setzero_si256();
  PACT_PIXELS(PACT_START)
#undef PACT_START
  for (int64_t s = 0; s < w.segment_count; ++s) {
    const int16_t* x = w.x + w.segments[s];
#define PACT_POINT(i) const int16_t* x##i = x + pixels[i < kPixels ? i : 0];
    PACT_PIXELS(PACT_POINT)
#undef PACT_POINT
    for (int64_t k = 0; k < w.length; ++k, weights += 2) {
      const __m256i w_low = _mm256_loadu_si256(weights);
      const __m256i w_high = _mm256_loadu_si256(weights + 1);
#define PACT_ADD(i)                                                   \
  if constexpr (i < kPixels) {                                        \
    const __m256i pair = pair_at(x##i + 2 * k);                       \
    low##i = _mm256_add_epi32(low##i, _mm256_madd_epi16(pair, w_low)); \
    high##i = _mm256_add_epi32(high##i, _mm256_madd_epi16(pair, w_high)); \
  }
      PACT_PIXELS(PACT_ADD)
#undef PACT_ADD
    }
  }
#define PACT_STORE(i)                                                                       \
  if constexpr (i < kPixels) {                                                              \
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * w.stride), low##i);            \
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * w.stride + 8), high##i);       \
  }
  PACT_PIXELS(PACT_STORE)
#undef PACT_STORE
}

void multiply(const IntegerWindows& given) noexcept {
  const IntegerWindows w = given;
  int64_t p = 0;
  for (; p + 6 <= w.pixel_count; p += 6) tile<6>(w, w.pixels + p, w.accumulators + p * w.stride);
  const int64_t* pixels = w.pixels + p;
  int32_t* out = w.accumulators + p * w.stride;
  switch (w.pixel_count - p) {
    case 1: return tile<1>(w, pixels, out);
    case 2: return tile<2>(w, pixels, out);
    case 3: return tile<3>(w, pixels, out);
    case 4: return tile<4>(w, pixels, out);
    case 5: return tile<5>(w, pixels, out);
    default: return;
  }
}

#undef PACT_PIXELS

}  // namespace
}  // namespace pact::kernels

#define PACT_ISA x86_avx2
#include "kernels/integer_conv/body.inc"
