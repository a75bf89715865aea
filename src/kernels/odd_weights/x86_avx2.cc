// Sums of bytes with vpsadbw, 32 and then 8 at a time.
#include <immintrin.h>

#include "kernels/odd_weights/odd_weights.h"

namespace pact::kernels {
namespace {

int32_t sum_of(const uint8_t* x, int64_t length) {
  __m256i wide = _mm256_setzero_si256();
  int64_t k = 0;
  for (; k + 32 <= length; k += 32)
    wide = _mm256_add_epi64(wide, _mm256_sad_epu8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + k)),
                                                  _mm256_setzero_si256()));
  __m128i sums = _mm_add_epi64(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
  for (; k + 8 <= length; k += 8)
    sums = _mm_add_epi64(
        sums, _mm_sad_epu8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x + k)), _mm_setzero_si128()));
  auto sum = static_cast<int32_t>(_mm_cvtsi128_si64(sums) + _mm_extract_epi64(sums, 1));
  for (; k < length; ++k) sum += x[k];
  return sum;
}

int32_t sum_of_window(const OddWindows& w, const uint8_t* x) {
  int32_t sum = 0;
  for (int64_t s = 0; s < w.segment_count; ++s) sum += sum_of(x + w.segments[s], w.length);
  return sum;
}

void sum_windows(const OddWindows& w, int32_t* sums) noexcept {
  for (int64_t p = 0; p < w.pixel_count; ++p) sums[p] = sum_of_window(w, w.x + w.pixels[p]);
}

void finish(const OddWindows& w) noexcept {
  for (int64_t p = 0; p < w.pixel_count; ++p) {
    const __m256i sums = _mm256_set1_epi32(sum_of_window(w, w.x + w.pixels[p]));
    for (int64_t o = 0; o < w.width; o += 8) {
      auto* at = reinterpret_cast<__m256i*>(w.accumulators + p * w.stride + o);
      const __m256i start = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w.start + o));
      const __m256i product = _mm256_loadu_si256(at);
      _mm256_storeu_si256(
          at, _mm256_add_epi32(_mm256_add_epi32(product, product), _mm256_add_epi32(start, sums)));
    }
  }
}

}  // namespace

const OddWeightsKernels kOddWeights_x86_avx2 = {sum_windows, finish};

}  // namespace pact::kernels
