// Products of 16 bits, added in pairs: of two rows at 16 places, of two pixels of two outputs.
#include <immintrin.h>

#include "kernels/resample/resample.h"

#include "kernels/resample/plain.inc"

namespace pact::kernels {
namespace {

constexpr int64_t kAtOnce = 16;

inline __m256i words_at(const uint8_t* bytes) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

void down_columns(const DownColumns& given) noexcept {
  const DownColumns d = given;
  if (d.count < kAtOnce) return plain_down_columns(d, 0);
  for (int64_t begin = 0; begin < d.count; begin += kAtOnce) {
    const int64_t i = begin + kAtOnce <= d.count ? begin : d.count - kAtOnce;  // the last ones again
    __m256i low = _mm256_set1_epi32(1 << (kRowShift - 1)), high = low;
    for (int64_t t = 0; t < d.taps; t += 2) {
      int32_t pair;
      __builtin_memcpy(&pair, d.weights + t, sizeof pair);
      const __m256i weights = _mm256_set1_epi32(pair);
      const __m256i even = words_at(d.rows[t] + i), odd = words_at(d.rows[t + 1] + i);
      low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(even, odd), weights));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(even, odd), weights));
    }
    const __m256i means =
        _mm256_packs_epi32(_mm256_srai_epi32(low, kRowShift), _mm256_srai_epi32(high, kRowShift));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(d.out + i), means);
  }
}

// Two pixels of three channels for one output in each half.
inline __m256i pixels_at(const int16_t* low, const int16_t* high) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low))),
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(high)), 1);
}

void along_row(const AlongRow& given) noexcept {
  const AlongRow a = given;
  if (a.channels != 3) return plain_along_row(a, 0);
  // r g b r' g' b' . . to r r' g g' b b' 0 0
  const __m128i pairs = _mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1);
  const __m256i by_colour = _mm256_broadcastsi128_si256(pairs);
  // Halves: outputs 0 and 2, and 1 and 3, which packing puts in order.
  const __m256i of_even = _mm256_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2);
  const __m256i of_odd = _mm256_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3);
  const __m128i without_gaps = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
  int64_t x = 0;
  for (; x + 4 <= a.outputs; x += 4) {
    const int16_t* p0 = a.row + 3 * int64_t{a.first[x]};
    const int16_t* p1 = a.row + 3 * int64_t{a.first[x + 1]};
    const int16_t* p2 = a.row + 3 * int64_t{a.first[x + 2]};
    const int16_t* p3 = a.row + 3 * int64_t{a.first[x + 3]};
    const int16_t* four = a.weights + 2 * x;
    __m256i even = _mm256_set1_epi32(1 << (kColumnShift - 1)), odd = even;
    for (int64_t t = 0; t < a.taps; t += 2, four += 2 * a.outputs) {
      const __m256i weights = _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(four)));
      even = _mm256_add_epi32(
          even, _mm256_madd_epi16(_mm256_shuffle_epi8(pixels_at(p0 + 3 * t, p2 + 3 * t), by_colour),
                                  _mm256_permutevar8x32_epi32(weights, of_even)));
      odd = _mm256_add_epi32(
          odd, _mm256_madd_epi16(_mm256_shuffle_epi8(pixels_at(p1 + 3 * t, p3 + 3 * t), by_colour),
                                 _mm256_permutevar8x32_epi32(weights, of_odd)));
    }
    const __m256i words =
        _mm256_packs_epi32(_mm256_srai_epi32(even, kColumnShift), _mm256_srai_epi32(odd, kColumnShift));
    const __m128i bytes = _mm_shuffle_epi8(
        _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)), without_gaps);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(a.out + 3 * x), bytes);
    const int32_t rest = _mm_extract_epi32(bytes, 2);
    __builtin_memcpy(a.out + 3 * x + 8, &rest, sizeof rest);
  }
  plain_along_row(a, x);
}

}  // namespace

const ResampleKernels kResample_x86_avx2 = {down_columns, along_row};

}  // namespace pact::kernels
