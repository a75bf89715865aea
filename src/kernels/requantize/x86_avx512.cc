// Codes of whole grids by 16. g++ 12 vectorises the loops of body.inc for some of their forms only.
#include "kernels/requantize/requantize.h"
#include "kernels/x86_intrinsics.h"

#include "kernels/requantize/sources.inc"
#include "kernels/requantize/x86_avx512.inc"

namespace pact::kernels {
namespace {

inline __m512 z_at(const Reals& source, int64_t c) { return _mm512_loadu_ps(source.x + c); }

template <Shortcut kShortcut, bool kRelu, bool kReal>
inline __m512 z_at(const Accumulators<kShortcut, kRelu, kReal>& s, int64_t c) {
  __m512 z = scaled(_mm512_loadu_si512(s.accumulators + c), s.multiplier + c, s.bias + c);
  if constexpr (kShortcut == Shortcut::real) z = _mm512_add_ps(z, _mm512_loadu_ps(s.shortcut + c));
  if constexpr (kShortcut == Shortcut::codes)
    z = _mm512_add_ps(z, values_of(s.shortcut_codes + c, s.shortcut_step));
  if constexpr (kRelu) z = _mm512_max_ps(z, _mm512_setzero_ps());  // of NaN and 0: 0
  return z;
}

// code_of of body.inc.
class WholeCodes {
 public:
  explicit WholeCodes(const Requantize& r)
      : inverse_(_mm512_set1_ps(r.inverse)),
        inverse_rest_(_mm512_set1_ps(r.inverse_rest)),
        low_(_mm512_set1_ps(static_cast<float>(r.least_code) * r.step)),
        high_(_mm512_set1_ps(static_cast<float>(r.largest_code) * r.step)),
        largest_(_mm512_set1_epi8(static_cast<char>(r.largest_code))),
        codes_(r.least_code != 0 ? Codes::any
               : r.is_bounded    ? Codes::bounded
                                 : Codes::unsigned_) {}

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
    return rounded_quotient(inside, inverse_, inverse_rest_);
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
