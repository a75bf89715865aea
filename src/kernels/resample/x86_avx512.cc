// Products of 16 bits, added in pairs: of two rows at 32 places, of two pixels of four outputs.
#include "kernels/resample/resample.h"
#include "kernels/x86_intrinsics.h"

#include "kernels/resample/plain.inc"

namespace pact::kernels {
namespace {

constexpr int64_t kAtOnce = 32;

inline __m512i words_at(const uint8_t* bytes) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)));
}

void down_columns(const DownColumns& given) noexcept {
  const DownColumns d = given;
  if (d.count < kAtOnce) return plain_down_columns(d, 0);
  for (int64_t begin = 0; begin < d.count; begin += kAtOnce) {
    const int64_t i = begin + kAtOnce <= d.count ? begin : d.count - kAtOnce;  // the last ones again
    __m512i low = _mm512_set1_epi32(1 << (kRowShift - 1)), high = low;
    for (int64_t t = 0; t < d.taps; t += 2) {
      int32_t pair;
      __builtin_memcpy(&pair, d.weights + t, sizeof pair);
      const __m512i weights = _mm512_set1_epi32(pair);
      const __m512i even = words_at(d.rows[t] + i), odd = words_at(d.rows[t + 1] + i);
      low = _mm512_add_epi32(low, _mm512_madd_epi16(_mm512_unpacklo_epi16(even, odd), weights));
      high = _mm512_add_epi32(high, _mm512_madd_epi16(_mm512_unpackhi_epi16(even, odd), weights));
    }
    const __m512i means =
        _mm512_packs_epi32(_mm512_srai_epi32(low, kRowShift), _mm512_srai_epi32(high, kRowShift));
    _mm512_storeu_si512(d.out + i, means);
  }
}

inline __m128i pixels_at(const int16_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }

void along_row(const AlongRow& given) noexcept {
  const AlongRow a = given;
  if (a.channels != 3) return plain_along_row(a, 0);
  // r g b r' g' b' . . to r r' g g' b b' 0 0
  const __m512i by_colour =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1));
  const __m512i four_times = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  const __m128i without_gaps = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
  int64_t x = 0;
  for (; x + 4 <= a.outputs; x += 4) {
    const int16_t* p0 = a.row + 3 * int64_t{a.first[x]};
    const int16_t* p1 = a.row + 3 * int64_t{a.first[x + 1]};
    const int16_t* p2 = a.row + 3 * int64_t{a.first[x + 2]};
    const int16_t* p3 = a.row + 3 * int64_t{a.first[x + 3]};
    const int16_t* four = a.weights + 2 * x;
    __m512i sums = _mm512_set1_epi32(1 << (kColumnShift - 1));
    for (int64_t t = 0; t < a.taps; t += 2, four += 2 * a.outputs) {
      const __m256i low =
          _mm256_inserti128_si256(_mm256_castsi128_si256(pixels_at(p0 + 3 * t)), pixels_at(p1 + 3 * t), 1);
      const __m256i high =
          _mm256_inserti128_si256(_mm256_castsi128_si256(pixels_at(p2 + 3 * t)), pixels_at(p3 + 3 * t), 1);
      const __m512i pixels = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
      const __m512i weights = _mm512_permutexvar_epi32(
          four_times, _mm512_castsi128_si512(_mm_loadu_si128(reinterpret_cast<const __m128i*>(four))));
      sums = _mm512_add_epi32(sums, _mm512_madd_epi16(_mm512_shuffle_epi8(pixels, by_colour), weights));
    }
    const __m128i bytes =
        _mm_shuffle_epi8(_mm512_cvtepi32_epi8(_mm512_srai_epi32(sums, kColumnShift)), without_gaps);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(a.out + 3 * x), bytes);
    const int32_t rest = _mm_extract_epi32(bytes, 2);
    __builtin_memcpy(a.out + 3 * x + 8, &rest, sizeof rest);
  }
  plain_along_row(a, x);
}

}  // namespace

const ResampleKernels PACT_TABLE(kResample_x86_avx512) = {down_columns, along_row};

}  // namespace pact::kernels
