// With vpdpbusd on 512 bits: tiles of up to 12 pixels by 32 channels, 24 of the 32 registers and, with a
// pointer for each pixel, all of the others; a last block of 16 channels by itself. Pixels are dealt out
// evenly, so that no small tile is left over. The sums are named one by one, because g++ 12 leaves arrays of
// them in memory.
#include "kernels/byte_conv/byte_conv.h"
#include "kernels/x86_intrinsics.h"

#include "kernels/byte_conv/unpack.inc"
#include "kernels/requantize/sources.inc"
#include "kernels/requantize/x86_avx512.inc"

#include "kernels/byte_conv/is_form.inc"

namespace pact::kernels {
namespace {

constexpr int kBlock = ByteConvKernels::kBlock;
#define PACT_PIXELS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#if defined(PACT_EMULATE)
#define PACT_TILES(DO) DO(0) DO(1) DO(2) DO(3) DO(4)  // each takes the compiler a second, in each form
constexpr int64_t kMostPixels = 5;
#else
#define PACT_TILES(DO) PACT_PIXELS(DO)
constexpr int64_t kMostPixels = 12;
#endif

inline __m512i four_at(const uint8_t* x) {
  int four;
  __builtin_memcpy(&four, x, sizeof(four));
  return _mm512_set1_epi32(four);
}

// Keeps g++ 12 from moving what is done with sums behind a loop into it, where they would then lie in memory.
inline void pin(__m512i& sums) {
#if !defined(PACT_EMULATE)
  __asm__ volatile("" : "+v"(sums));
#else
  static_cast<void>(sums);
#endif
}

// Sums with odd weights 2 v + 1, of those with v.
[[gnu::always_inline]] inline __m512i of_odd(__m512i sums, __m512i start, __m512i window) {
  return _mm512_add_epi32(_mm512_add_epi32(sums, sums), _mm512_add_epi32(start, window));
}

// Weights lie in blocks too short for the processor to foresee by itself.
inline void foresee(const int8_t* weights) { _mm_prefetch(weights + 4096, _MM_HINT_T0); }

// What becomes of the sums of a tile: they are stored, or requantized first.
struct Stored {
  static constexpr bool kRequantizes = false, kHasReals = false;
};

template <Shortcut kShortcut, bool kRelu, bool kReal, bool kCodes>
class Requantized {
 public:
  static constexpr bool kRequantizes = true, kHasReals = kReal || kShortcut == Shortcut::real;

  explicit Requantized(const Requantize* asked)
      : r_(*asked),
        inverse_(_mm512_set1_ps(r_.inverse)),
        inverse_rest_(_mm512_set1_ps(r_.inverse_rest)),
        high_(_mm512_set1_ps(static_cast<float>(r_.largest_code) * r_.step)) {}

  // What will be read and, most often over it, written in `pixels` rows, 16 or 32 channels from `channel` on: stores
  // that miss the cache wait for each other.
  static void foresee(const Requantize& r, int64_t row, int64_t pixels, int64_t channel) {
    const int64_t first = row * r.stride + channel;
    for (int64_t i = first; i < first + pixels * r.stride; i += r.stride) {
      if constexpr (kHasReals) {
        const float* at = (kShortcut == Shortcut::real ? r.shortcut : r.real) + i;
        _mm_prefetch(at, _MM_HINT_T0);
        _mm_prefetch(at + 16, _MM_HINT_T0);
      }
      if constexpr (kShortcut == Shortcut::codes) _mm_prefetch(r.shortcut_codes + i, _MM_HINT_T0);
      if constexpr (kCodes) _mm_prefetch(r.codes + i, _MM_HINT_T0);
    }
  }

  // 16 sums as codes, 32 bits each; real numbers are written on the way. Inline in any case, here and below: a call would
  // put the sums of the whole tile into memory.
  [[gnu::always_inline]] __m512i code_of(__m512i sums, int64_t row, int64_t channel) const {
    const int64_t i = row * r_.stride + channel;
    __m512 z = scaled(sums, r_.multiplier + channel, r_.bias + channel);
    if constexpr (kShortcut == Shortcut::real) z = _mm512_add_ps(z, _mm512_loadu_ps(r_.shortcut + i));
    if constexpr (kShortcut == Shortcut::codes)
      z = _mm512_add_ps(z, values_of(r_.shortcut_codes + i, r_.shortcut_step));
    if constexpr (kRelu) z = _mm512_max_ps(z, _mm512_setzero_ps());
    if constexpr (kReal) _mm512_storeu_ps(r_.real + i, z);
    if constexpr (!kCodes) return sums;
    if constexpr (kShortcut == Shortcut::real) z = _mm512_min_ps(high_, z);  // others are bounded
    return rounded_quotient(z, inverse_, inverse_rest_);
  }

  // 64 codes, those of 2 pixels by 32 channels or 4 by 16; of the last pixels there may be fewer.
  template <int kBlocks>
  [[gnu::always_inline]] void store(__m512i a, __m512i b, __m512i c, __m512i d, int64_t row, int64_t pixels,
                                    int64_t channel) const {
    if constexpr (!kCodes) return;
    const __m512i bytes = _mm512_min_epu8(bytes_of<Codes::bounded>(a, b, c, d),
                                          _mm512_set1_epi8(static_cast<char>(r_.largest_code)));
    uint8_t* codes = r_.codes + row * r_.stride + channel;
    if constexpr (kBlocks == 2) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), _mm512_castsi512_si256(bytes));
      if (pixels < 2) return;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes + r_.stride), _mm512_extracti64x4_epi64(bytes, 1));
    } else {
      const auto to = [&](int64_t pixel) { return reinterpret_cast<__m128i*>(codes + pixel * r_.stride); };
      _mm_storeu_si128(to(0), _mm512_castsi512_si128(bytes));
      if (pixels > 1) _mm_storeu_si128(to(1), _mm512_extracti32x4_epi32(bytes, 1));
      if (pixels > 2) _mm_storeu_si128(to(2), _mm512_extracti32x4_epi32(bytes, 2));
      if (pixels > 3) _mm_storeu_si128(to(3), _mm512_extracti32x4_epi32(bytes, 3));
    }
  }

 private:
  const Requantize& r_;
  __m512 inverse_, inverse_rest_, high_;
};

// kBlocks blocks of channels, 1 or 2.
template <int kPixels, int kBlocks, typename Finish>
void tile(const ByteWindows& w, int64_t block, int64_t first_pixel, const Requantize* asked) {
  const int64_t block_bytes = w.segment_count * w.fours * 4 * kBlock;
  const int8_t* weights = w.weights + block * block_bytes;
  const int8_t* more_weights = weights + (kBlocks == 2 ? block_bytes : 0);
  const int64_t* pixels = w.pixels + first_pixel;
  const int32_t* start = w.start + block * kBlock;
  const int32_t* more_start = start + (kBlocks == 2 ? kBlock : 0);
#define PACT_START(i) __m512i low##i = _mm512_loadu_si512(start), high##i = _mm512_loadu_si512(more_start);
  PACT_PIXELS(PACT_START)
#undef PACT_START
#define PACT_POINT(i) const uint8_t* x##i = w.x + pixels[i < kPixels ? i : 0];
  PACT_PIXELS(PACT_POINT)
#undef PACT_POINT
  if constexpr (Finish::kRequantizes) Finish::foresee(*asked, first_pixel, kPixels, block * kBlock);
  for (int64_t s = 0; s < w.segment_count; ++s) {
    const int64_t end = w.segments[s] + 4 * w.fours;
    for (int64_t at = w.segments[s]; at < end; at += 4, weights += 4 * kBlock, more_weights += 4 * kBlock) {
      foresee(weights);
      foresee(more_weights);
      const __m512i w_low = _mm512_loadu_si512(weights);
      const __m512i w_high = _mm512_loadu_si512(more_weights);
#define PACT_ADD(i)                                                                   \
  if constexpr (i < kPixels) {                                                        \
    const __m512i four = four_at(x##i + at);                                          \
    low##i = _mm512_dpbusd_epi32(low##i, four, w_low);                                \
    if constexpr (kBlocks == 2) high##i = _mm512_dpbusd_epi32(high##i, four, w_high); \
  }
      PACT_PIXELS(PACT_ADD)
#undef PACT_ADD
    }
  }
  const int64_t channel = block * kBlock;
  if constexpr (Finish::kRequantizes) {
#define PACT_PIN(i)                             \
  if constexpr (i < kPixels) {                  \
    pin(low##i);                                \
    if constexpr (kBlocks == 2) pin(high##i);   \
  }
    PACT_PIXELS(PACT_PIN)
    if (w.window_sums) {
      const __m512i odd_low = _mm512_loadu_si512(w.odd_start + channel);
      const __m512i odd_high = kBlocks == 2 ? _mm512_loadu_si512(w.odd_start + channel + kBlock) : odd_low;
#define PACT_ODD(i)                                                                                   \
  if constexpr (i < kPixels) {                                                                        \
    const __m512i window = _mm512_set1_epi32(w.window_sums[first_pixel + i]);                         \
    low##i = of_odd(low##i, odd_low, window);                                                         \
    if constexpr (kBlocks == 2) high##i = of_odd(high##i, odd_high, window);                          \
  }
      PACT_PIXELS(PACT_ODD)
#undef PACT_ODD
      PACT_PIXELS(PACT_PIN)
    }
#undef PACT_PIN
    const Finish finish(asked);
#define PACT_CODES(i)                                                                              \
  if constexpr (i < kPixels) {                                                                     \
    low##i = finish.code_of(low##i, first_pixel + i, channel);                                     \
    if constexpr (kBlocks == 2) high##i = finish.code_of(high##i, first_pixel + i, channel + kBlock); \
  }
#define PACT_PAIR(i, j)                                                                               \
  PACT_CODES(i)                                                                                       \
  PACT_CODES(j)                                                                                       \
  if constexpr (kBlocks == 2 && i < kPixels)                                                          \
    finish.template store<2>(low##i, high##i, low##j, high##j, first_pixel + i, kPixels - i, channel);
#define PACT_QUAD(i, j, k, l)                                                                         \
  PACT_PAIR(i, j)                                                                                     \
  PACT_PAIR(k, l)                                                                                     \
  if constexpr (kBlocks == 1 && i < kPixels)                                                          \
    finish.template store<1>(low##i, low##j, low##k, low##l, first_pixel + i, kPixels - i, channel);
    PACT_QUAD(0, 1, 2, 3) PACT_QUAD(4, 5, 6, 7) PACT_QUAD(8, 9, 10, 11)
#undef PACT_QUAD
#undef PACT_PAIR
#undef PACT_CODES
    return;
  }
  int32_t* out = w.accumulators + first_pixel * w.stride + channel;
#define PACT_STORE(i)                                                                      \
  if constexpr (i < kPixels) {                                                             \
    _mm512_storeu_si512(out + i * w.stride, low##i);                                       \
    if constexpr (kBlocks == 2) _mm512_storeu_si512(out + i * w.stride + kBlock, high##i); \
  }
  PACT_PIXELS(PACT_STORE)
#undef PACT_STORE
}

using Tile = void (*)(const ByteWindows&, int64_t block, int64_t first_pixel, const Requantize*);
#define PACT_TILE(i) tile<i + 1, kBlocks, Finish>,
template <int kBlocks, typename Finish>
constexpr Tile kTiles[] = {PACT_TILES(PACT_TILE)};
#undef PACT_TILE
#undef PACT_TILES
#undef PACT_PIXELS

// run(first pixel, pixels) for tiles of all pixels.
template <typename Run>
inline void each_pixels(const ByteWindows& w, const Run& run) {
  int64_t left = (w.pixel_count + kMostPixels - 1) / kMostPixels;
  for (int64_t p = 0; left > 0; --left) {
    const int64_t pixels = (w.pixel_count - p + left - 1) / left;
    run(p, pixels);
    p += pixels;
  }
}

// run(block, tiles) for one or two blocks at a time.
template <typename Finish, typename Run>
inline void each_blocks(const ByteWindows& w, const Run& run) {
  int64_t block = 0;
  for (; block + 2 <= w.blocks; block += 2) run(block, kTiles<2, Finish>);
  if (block < w.blocks) run(block, kTiles<1, Finish>);
}

// Weights stay in the first cache for all pixels; but where real numbers come and go, all channels of some pixels follow
// each other, since these are the longer way from memory and caches foresee long runs.
template <typename Finish>
void multiply_all(const ByteWindows& w, const Requantize* asked) {
  if constexpr (Finish::kHasReals)
    each_pixels(w, [&](int64_t p, int64_t pixels) {
      each_blocks<Finish>(
          w, [&](int64_t block, const Tile* tiles) { tiles[pixels - 1](w, block, p, asked); });
    });
  else
    each_blocks<Finish>(w, [&](int64_t block, const Tile* tiles) {
      each_pixels(w, [&](int64_t p, int64_t pixels) { tiles[pixels - 1](w, block, p, asked); });
    });
}

void multiply(const ByteWindows& given) noexcept {
  const ByteWindows w = given;
  multiply_all<Stored>(w, nullptr);
}

void multiply_and_requantize(const ByteWindows& given, const Requantize& outputs) noexcept {
  const ByteWindows w = given;  // codes are bytes, which for all that a compiler knows might lie in what is given
  const Requantize asked = outputs;
#define PACT_FORM(kAdded, kRelu, kKept, kCoded)                                                         \
  if (is_form(asked, Shortcut::kAdded, kRelu ? Activation::relu : Activation::none, kKept, kCoded))     \
    return multiply_all<Requantized<Shortcut::kAdded, kRelu, kKept, kCoded>>(w, &asked);
#include "kernels/byte_conv/finished_forms.inc"
#undef PACT_FORM
}

using Probed = __m512i;
inline __m512i add_products(__m512i sums, __m512i x, __m512i w) { return _mm512_dpbusd_epi32(sums, x, w); }

}  // namespace
}  // namespace pact::kernels

#include "kernels/byte_conv/probe.inc"

namespace pact::kernels {
const ByteConvKernels PACT_TABLE(kByteConv_x86_avx512vnni) = {multiply, unpack, false, 128, probe, multiply_and_requantize};
}
