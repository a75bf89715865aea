// Codes of whole grids by 32 and by 8: g++ 12 vectorises the loops of body.inc, too, but takes twice as many
// instructions to narrow integers to bytes.
#include <immintrin.h>

#include "kernels/requantize/requantize.h"

#include "kernels/requantize/sources.inc"

namespace pact::kernels {
namespace {

inline __m256 z_at(const Reals& source, int64_t c) { return _mm256_loadu_ps(source.x + c); }

template <Shortcut kShortcut, bool kRelu, bool kReal>
inline __m256 z_at(const Accumulators<kShortcut, kRelu, kReal>& s, int64_t c) {
  const __m256i sums = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(s.accumulators + c));
  const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(s.multiplier + c));
  __m256 z = _mm256_add_ps(scaled, _mm256_loadu_ps(s.bias + c));
  if constexpr (kShortcut == Shortcut::real) z = _mm256_add_ps(z, _mm256_loadu_ps(s.shortcut + c));
  if constexpr (kShortcut == Shortcut::codes) {
    const __m256i codes =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(s.shortcut_codes + c)));
    z = _mm256_add_ps(z, _mm256_mul_ps(_mm256_cvtepi32_ps(codes), _mm256_set1_ps(s.shortcut_step)));
  }
  if constexpr (kRelu) z = _mm256_max_ps(z, _mm256_setzero_ps());  // of NaN and 0: 0
  return z;
}

// The low bytes of 32-bit lanes whose values fit a byte, signed or not: two packs that saturate would need to
// know which.
inline __m256i low_bytes(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i mask = _mm256_set1_epi16(0xff);
  const __m256i ab = _mm256_and_si256(_mm256_packs_epi32(a, b), mask);
  const __m256i cd = _mm256_and_si256(_mm256_packs_epi32(c, d), mask);
  return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// quotient_of and code_of of body.inc; rounding to nearest, ties to even, is the processor's default.
class WholeCodes {
 public:
  explicit WholeCodes(const Requantize& r)
      : inverse_(_mm256_set1_ps(r.inverse)),
        inverse_rest_(_mm256_set1_ps(r.inverse_rest)),
        low_(_mm256_set1_ps(static_cast<float>(r.least_code) * r.step)),
        high_(_mm256_set1_ps(static_cast<float>(r.largest_code) * r.step)) {}

  template <typename Source>
  int64_t first(const Source& source, const Line& line, int64_t width) const {
    int64_t c = 0;
    for (; c + 32 <= width; c += 32) {
      const __m256i codes0 = next(source, line, c), codes1 = next(source, line, c + 8);
      const __m256i codes2 = next(source, line, c + 16), codes3 = next(source, line, c + 24);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(line.codes + c),
                          low_bytes(codes0, codes1, codes2, codes3));
    }
    for (; c + 8 <= width; c += 8) {
      const __m256i codes = next(source, line, c);
      // Of four equal parts the first 8 bytes are all of one.
      _mm_storel_epi64(reinterpret_cast<__m128i*>(line.codes + c),
                       _mm256_castsi256_si128(low_bytes(codes, codes, codes, codes)));
    }
    return c;
  }

 private:
  __m256i codes_of(__m256 z) const {
    const __m256 inside = _mm256_min_ps(_mm256_max_ps(z, low_), high_);  // of NaN: low
    return _mm256_cvtps_epi32(_mm256_fmadd_ps(inside, inverse_, _mm256_mul_ps(inside, inverse_rest_)));
  }

  template <typename Source>
  __m256i next(const Source& source, const Line& line, int64_t c) const {
    const __m256 z = z_at(source, c);
    if constexpr (Source::kKeeps) _mm256_storeu_ps(line.real + c, z);
    return codes_of(z);
  }

  __m256 inverse_, inverse_rest_, low_, high_;
};

}  // namespace
}  // namespace pact::kernels

#define PACT_ISA x86_avx2
#include "kernels/requantize/body.inc"
