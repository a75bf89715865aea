// Sums of bytes with vpsadbw, 64 at a time, a short segment in one masked load.
#include "kernels/odd_weights/odd_weights.h"
#include "kernels/x86_intrinsics.h"

namespace pact::kernels {
namespace {

int32_t sum_of_window(const OddWindows& w, const uint8_t* x) {
  const int64_t tail = w.length % 64, whole = w.length - tail;
  const __mmask64 some = (uint64_t{1} << tail) - 1;
  const __m512i zero = _mm512_setzero_si512();
  __m512i sums = zero;
  for (int64_t s = 0; s < w.segment_count; ++s) {
    const uint8_t* segment = x + w.segments[s];
    for (int64_t k = 0; k < whole; k += 64)
      sums = _mm512_add_epi64(sums, _mm512_sad_epu8(_mm512_loadu_si512(segment + k), zero));
    if (tail != 0)
      sums = _mm512_add_epi64(sums, _mm512_sad_epu8(_mm512_maskz_loadu_epi8(some, segment + whole), zero));
  }
  return static_cast<int32_t>(_mm512_reduce_add_epi64(sums));
}

void sum_windows(const OddWindows& given, int32_t* sums) noexcept {
  const OddWindows w = given;
  for (int64_t p = 0; p < w.pixel_count; ++p) sums[p] = sum_of_window(w, w.x + w.pixels[p]);
}

void finish(const OddWindows& given) noexcept {
  const OddWindows w = given;
  for (int64_t p = 0; p < w.pixel_count; ++p) {
    const __m512i sum = _mm512_set1_epi32(sum_of_window(w, w.x + w.pixels[p]));
    int32_t* accumulators = w.accumulators + p * w.stride;
    for (int64_t o = 0; o < w.width; o += 16) {
      const __m512i product = _mm512_loadu_si512(accumulators + o);
      const __m512i start = _mm512_add_epi32(_mm512_loadu_si512(w.start + o), sum);
      _mm512_storeu_si512(accumulators + o, _mm512_add_epi32(_mm512_add_epi32(product, product), start));
    }
  }
}

}  // namespace

const OddWeightsKernels kOddWeights_x86_avx512 = {sum_windows, finish};

}  // namespace pact::kernels
