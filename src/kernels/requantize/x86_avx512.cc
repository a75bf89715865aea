// Codes of whole grids by 16. g++ 12 vectorises the loops of body.inc for some of their forms only.
#include "kernels/requantize/requantize.h"
#include "kernels/x86_intrinsics.h"

#include "kernels/requantize/sources.inc"

namespace pact::kernels {
namespace {

inline __m512 z_at(const Reals& source, int64_t c) { return _mm512_loadu_ps(source.x + c); }

template <Shortcut kShortcut, bool kRelu, bool kReal>
inline __m512 z_at(const Accumulators<kShortcut, kRelu, kReal>& s, int64_t c) {
  const __m512 sums = _mm512_cvtepi32_ps(_mm512_loadu_si512(s.accumulators + c));
  __m512 z = _mm512_add_ps(_mm512_mul_ps(sums, _mm512_loadu_ps(s.multiplier + c)), _mm512_loadu_ps(s.bias + c));
  if constexpr (kShortcut == Shortcut::real) z = _mm512_add_ps(z, _mm512_loadu_ps(s.shortcut + c));
  if constexpr (kShortcut == Shortcut::codes) {
    const __m512i codes =
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(s.shortcut_codes + c)));
    z = _mm512_add_ps(z, _mm512_mul_ps(_mm512_cvtepi32_ps(codes), _mm512_set1_ps(s.shortcut_step)));
  }
  if constexpr (kRelu) z = _mm512_max_ps(z, _mm512_setzero_ps());  // of NaN and 0: 0
  return z;
}

// bounded: unsigned ones of numbers that fit into integers, so that these are clamped, while they are narrowed.
enum class Codes { bounded, unsigned_, any };

// Unsigned codes: the lanes as bytes, numbers below 0 as 0 and those above 255 as that. Others: the low bytes of lanes
// whose values fit a byte.
template <Codes kCodes>
inline __m512i bytes_of(__m512i a, __m512i b, __m512i c, __m512i d) {
  __m512i ab = _mm512_packs_epi32(a, b), cd = _mm512_packs_epi32(c, d);
  if constexpr (kCodes == Codes::any) {
    const __m512i mask = _mm512_set1_epi16(0xff);
    ab = _mm512_and_si512(ab, mask);
    cd = _mm512_and_si512(cd, mask);
  }
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, _mm512_packus_epi16(ab, cd));
}

// quotient_of and code_of of body.inc; rounding to nearest, ties to even, is the processor's default.
class WholeCodes {
 public:
  explicit WholeCodes(const Requantize& r)
      : inverse_(_mm512_set1_ps(r.inverse)),
        inverse_rest_(_mm512_set1_ps(r.inverse_rest)),
        low_(_mm512_set1_ps(static_cast<float>(r.least_code) * r.step)),
        high_(_mm512_set1_ps(static_cast<float>(r.largest_code) * r.step)),
        largest_(_mm512_set1_epi8(static_cast<char>(r.largest_code))),
        codes_(r.least_code != 0 ? Codes::any : r.is_bounded ? Codes::bounded : Codes::unsigned_) {}

  template <typename Source>
  int64_t first(const Source& source, const Line& line, int64_t width) const {
    int64_t c = codes_ == Codes::bounded     ? by_64<Codes::bounded>(source, line, width)
                : codes_ == Codes::unsigned_ ? by_64<Codes::unsigned_>(source, line, width)
                                             : by_64<Codes::any>(source, line, width);
    for (; c + 16 <= width; c += 16)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(line.codes + c),
                       _mm512_cvtepi32_epi8(next<Codes::any>(source, line, c)));
    return c;
  }

 private:
  template <Codes kCodes, typename Source>
  int64_t by_64(const Source& source, const Line& line, int64_t width) const {
    int64_t c = 0;
    for (; c + 64 <= width; c += 64) {
      const __m512i codes0 = next<kCodes>(source, line, c), codes1 = next<kCodes>(source, line, c + 16);
      const __m512i codes2 = next<kCodes>(source, line, c + 32), codes3 = next<kCodes>(source, line, c + 48);
      __m512i bytes = bytes_of<kCodes>(codes0, codes1, codes2, codes3);
      if constexpr (kCodes == Codes::bounded) bytes = _mm512_min_epu8(bytes, largest_);
      _mm512_storeu_si512(line.codes + c, bytes);
    }
    return c;
  }

  // Of NaN: the least code. On unsigned grids it stays NaN, which becomes the least integer, and that code 0.
  template <Codes kCodes>
  __m512i codes_of(__m512 z) const {
    __m512 inside = z;
    if constexpr (kCodes == Codes::any) inside = _mm512_max_ps(inside, low_);
    if constexpr (kCodes != Codes::bounded) inside = _mm512_min_ps(high_, inside);
    return _mm512_cvtps_epi32(_mm512_fmadd_ps(inside, inverse_, _mm512_mul_ps(inside, inverse_rest_)));
  }

  template <Codes kCodes, typename Source>
  __m512i next(const Source& source, const Line& line, int64_t c) const {
    const __m512 z = z_at(source, c);
    if constexpr (Source::kKeeps) _mm512_storeu_ps(line.real + c, z);
    return codes_of<kCodes>(z);
  }

  __m512 inverse_, inverse_rest_, low_, high_;
  __m512i largest_;
  Codes codes_;
};

}  // namespace
}  // namespace pact::kernels

#define PACT_ISA PACT_TABLE(x86_avx512)
#include "kernels/requantize/body.inc"
