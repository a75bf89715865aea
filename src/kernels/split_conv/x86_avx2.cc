// With vpmaddubsw and vpmaddwd: tiles of up to 5 pixels by 16 channels, which are 10 of the 16 registers. The
// sums are named one by one, because g++ 12 leaves arrays of them in memory.
//
// At most kFoursAtOnce fours of a block are multiplied with all pixels before the next ones, which are added
// to the accumulators in memory: so weights are read from the first cache, whatever the length of the sums.
#include <immintrin.h>

#include "kernels/split_conv/split_conv.h"

namespace pact::kernels {
namespace {

constexpr int kBlock = SplitConvKernels::kBlock;
constexpr int64_t kMostPixels = 5;
constexpr int64_t kFoursAtOnce = 256;  // 16 KB of weights, half of an L1

#define PACT_PIXELS(DO) DO(0) DO(1) DO(2) DO(3) DO(4)

inline __m256i* vector_at(int32_t* x) { return reinterpret_cast<__m256i*>(x); }
inline const __m256i* vector_at(const int32_t* x) { return reinterpret_cast<const __m256i*>(x); }

// low += four * w_low, high += four * w_high, in assembly: with intrinsics g++ 12 finds no order of the loops
// below that keeps all sums in registers.
inline void add_products(__m256i& low, __m256i& high, const uint8_t* x, __m256i w_low, __m256i w_high,
                         __m256i ones) {
  __m256i four, product;
  __asm__(
      "vpbroadcastd %[x], %[four]\n\t"
      "vpmaddubsw %[w_low], %[four], %[product]\n\t"
      "vpmaddubsw %[w_high], %[four], %[four]\n\t"
      "vpmaddwd %[ones], %[product], %[product]\n\t"
      "vpmaddwd %[ones], %[four], %[four]\n\t"
      "vpaddd %[product], %[low], %[low]\n\t"
      "vpaddd %[four], %[high], %[high]"
      : [low] "+x"(low), [high] "+x"(high), [four] "=&x"(four), [product] "=&x"(product)
      : [x] "m"(*reinterpret_cast<const uint8_t(*)[4]>(x)), [w_low] "x"(w_low), [w_high] "x"(w_high),
        [ones] "x"(ones));
}

// What is added up in registers: the fours [first_four, last_four) of the segments [first, last), and the
// extra turns [first_extra, last_extra).
struct Part {
  int64_t first, last, first_four, last_four;
  int64_t first_extra, last_extra;
  const int8_t* weights;  // of the block
  const int32_t* before;  // what the sums of pixel 0 are added to; those of pixel i, at i * before_stride
  int64_t before_stride;
};

// Not inlined: the loops need all general registers, too.
template <int kPixels>
[[gnu::noinline]] void add_part(const SplitWindows& w, const Part& part, int64_t first_pixel, int32_t* out) {
  const int64_t* pixels = w.pixels + first_pixel;
  const int32_t* before = part.before + first_pixel * part.before_stride;
  out += first_pixel * w.stride;
  const __m256i ones = _mm256_set1_epi16(1);
#define PACT_START(i)                                                             \
  [[maybe_unused]] __m256i low##i, high##i;                                       \
  if constexpr (i < kPixels) {                                                    \
    low##i = _mm256_loadu_si256(vector_at(before + i * part.before_stride));      \
    high##i = _mm256_loadu_si256(vector_at(before + i * part.before_stride + 8)); \
  }
  PACT_PIXELS(PACT_START)
#undef PACT_START
#define PACT_POINT(i)                                    \
  const uint8_t* x##i = x + pixels[i < kPixels ? i : 0]; \
  __asm__("" : "+r"(x##i));  // or the loop would form the sum each time
#define PACT_ADD(i) \
  if constexpr (i < kPixels) add_products(low##i, high##i, x##i + k, w_low, w_high, ones);
  for (int64_t s = part.first; s < part.last; ++s) {
    const uint8_t* x = w.x + w.segments[s];
    PACT_PIXELS(PACT_POINT)
    const __m256i* weights =
        reinterpret_cast<const __m256i*>(part.weights + (s * w.fours + part.first_four) * 4 * kBlock);
    for (int64_t k = 4 * part.first_four; k < 4 * part.last_four; k += 4, weights += 2) {
      const __m256i w_low = _mm256_loadu_si256(weights), w_high = _mm256_loadu_si256(weights + 1);
      PACT_PIXELS(PACT_ADD)
    }
  }
  const uint8_t* x = w.x;
  PACT_PIXELS(PACT_POINT)
  const __m256i* weights = reinterpret_cast<const __m256i*>(w.extra_weights) + 2 * part.first_extra;
  for (int64_t e = part.first_extra; e < part.last_extra; ++e, weights += 2) {
    const int64_t k = w.extra_offsets[e];
    const __m256i w_low = _mm256_loadu_si256(weights), w_high = _mm256_loadu_si256(weights + 1);
    PACT_PIXELS(PACT_ADD)
  }
#undef PACT_POINT
#undef PACT_ADD
#define PACT_STORE(i)                                                \
  if constexpr (i < kPixels) {                                       \
    _mm256_storeu_si256(vector_at(out + i * w.stride), low##i);      \
    _mm256_storeu_si256(vector_at(out + i * w.stride + 8), high##i); \
  }
  PACT_PIXELS(PACT_STORE)
#undef PACT_STORE
}

using AddPart = void (*)(const SplitWindows&, const Part&, int64_t first_pixel, int32_t* out);
#define PACT_TILE(i) add_part<i + 1>,
constexpr AddPart kTiles[] = {PACT_PIXELS(PACT_TILE)};
#undef PACT_TILE
#undef PACT_PIXELS

// All pixels; what comes next goes on from their accumulators.
void add_all_pixels(const SplitWindows& w, Part& part, int32_t* out) {
  int64_t left = (w.pixel_count + kMostPixels - 1) / kMostPixels;
  for (int64_t p = 0; left > 0; --left) {
    const int64_t pixels = (w.pixel_count - p + left - 1) / left;  // dealt out evenly
    kTiles[pixels - 1](w, part, p, out);
    p += pixels;
  }
  part.before = out;
  part.before_stride = w.stride;
}

void multiply_block(const SplitWindows& w, int64_t block) {
  int32_t* out = w.accumulators + block * kBlock;
  Part part{.first = 0,
            .last = 0,
            .first_four = 0,
            .last_four = 0,
            .first_extra = w.extra_begin[block],
            .last_extra = w.extra_begin[block],
            .weights = w.weights + block * w.segment_count * w.fours * 4 * kBlock,
            .before = w.start + block * kBlock,
            .before_stride = 0};
  const auto least = [](int64_t a, int64_t b) { return a < b ? a : b; };
  const int64_t segments = w.fours < kFoursAtOnce ? kFoursAtOnce / w.fours : 1;
  for (; part.first < w.segment_count; part.first += segments) {
    part.last = least(part.first + segments, w.segment_count);
    for (part.first_four = 0; part.first_four < w.fours; part.first_four += kFoursAtOnce) {
      part.last_four = least(part.first_four + kFoursAtOnce, w.fours);
      if (part.last == w.segment_count && part.last_four == w.fours)
        part.last_extra = w.extra_begin[block + 1];
      add_all_pixels(w, part, out);
    }
  }
}

void multiply(const SplitWindows& given) noexcept {
  const SplitWindows w = given;
  for (int64_t block = 0; block < w.blocks; ++block) multiply_block(w, block);
}

}  // namespace

const SplitConvKernels kSplitConv_x86_avx2 = {multiply};

}  // namespace pact::kernels
