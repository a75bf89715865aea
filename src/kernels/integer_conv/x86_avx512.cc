// `multiply` with vpmaddwd on 512 bits: tiles of up to 12 pixels by 16 channels, one register each, named one
// by one, because g++ 12 leaves arrays of them in memory.
#include "kernels/integer_conv/integer_conv.h"
#include "kernels/x86_intrinsics.h"

namespace pact::kernels {
namespace {

#define PACT_PIXELS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)

inline __m512i pair_at(const int16_t* x) {
  int pair;
  __builtin_memcpy(&pair, x, sizeof(pair));
  return _mm512_set1_epi32(pair);
}

template <int kPixels>
void tile(const IntegerWindows& w, const int64_t* pixels, int32_t* out) {
  const int16_t* weights = w.weights;
#define PACT_START(i) __m512i sum##i = _mm512_setzero_si512();
  PACT_PIXELS(PACT_START)
#undef PACT_START
  for (int64_t s = 0; s < w.segment_count; ++s) {
    const int16_t* x = w.x + w.segments[s];
#define PACT_POINT(i) const int16_t* x##i = x + pixels[i < kPixels ? i : 0];
    PACT_PIXELS(PACT_POINT)
#undef PACT_POINT
    for (int64_t k = 0; k < w.length; ++k, weights += 32) {
      const __m512i weight = _mm512_loadu_si512(weights);
#define PACT_ADD(i)          \
  if constexpr (i < kPixels) \
    sum##i = _mm512_add_epi32(sum##i, _mm512_madd_epi16(pair_at(x##i + 2 * k), weight));
      PACT_PIXELS(PACT_ADD)
#undef PACT_ADD
    }
  }
#define PACT_STORE(i) \
  if constexpr (i < kPixels) _mm512_storeu_si512(out + i * w.stride, sum##i);
  PACT_PIXELS(PACT_STORE)
#undef PACT_STORE
}

void multiply(const IntegerWindows& given) noexcept {
  const IntegerWindows w = given;
  int64_t p = 0;
  for (; p + 12 <= w.pixel_count; p += 12) tile<12>(w, w.pixels + p, w.accumulators + p * w.stride);
  for (; p + 4 <= w.pixel_count; p += 4) tile<4>(w, w.pixels + p, w.accumulators + p * w.stride);
  for (; p < w.pixel_count; ++p) tile<1>(w, w.pixels + p, w.accumulators + p * w.stride);
}

#undef PACT_PIXELS

}  // namespace
}  // namespace pact::kernels

#define PACT_ISA PACT_TABLE(x86_avx512)
#include "kernels/integer_conv/body.inc"
