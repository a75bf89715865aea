// Down the columns first: a row of the image is contiguous, and what is left for the second pass is small.
// Both passes add products of 16 bits in pairs, which every x86-64 does in one instruction (SSE2, the
// baseline of the platform); in integers, so that the plain loops give the same bytes.
#include "data/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/error.h"

namespace pact::data {
namespace {

constexpr int kWeightBits = 14;  // weights are 16-bit integers that add up to 2^14
constexpr int kBetweenBits = 6;  // fraction bits between the passes: 255 * 2^6 fits 16 bits
constexpr int kRowShift = kWeightBits - kBetweenBits, kColumnShift = kWeightBits + kBetweenBits;
constexpr size_t kMaxChannels = 3;

// Which input pixels the output pixels of one axis are made of: output i of first[i] and the next, as many
// for all, an even number; weights beyond the image are zero.
struct Axis {
  size_t taps = 0;
  std::vector<int> first;
  std::vector<int16_t> weights;  // `taps` for each output

  const int16_t* weights_of(size_t i) const { return weights.data() + i * taps; }
};

// Output pixel i covers the centre c = begin + (i + 1/2) scale; input pixel j, whose centre is j + 1/2, has
// weight max(0, 1 - |j + 1/2 - c| / reach), reach = max(1, scale), divided by the sum of all.
Axis make_axis(int outputs, double begin, double extent, int inputs) {
  const double scale = extent / outputs, reach = std::max(1.0, scale);
  Axis axis;
  axis.taps = (static_cast<size_t>(std::ceil(2 * reach)) + 1) / 2 * 2;
  axis.first.resize(static_cast<size_t>(outputs));
  axis.weights.resize(axis.first.size() * axis.taps);
  std::vector<double> exact(axis.taps);
  for (size_t i = 0; i < axis.first.size(); ++i) {
    const double centre = begin + (static_cast<double>(i) + 0.5) * scale;
    const int first = std::clamp(static_cast<int>(std::floor(centre - reach + 0.5)), 0, inputs - 1);
    const int last = std::clamp(static_cast<int>(std::ceil(centre + reach - 0.5)), first + 1, inputs);
    const size_t count = std::min(axis.taps, static_cast<size_t>(last - first));  // one more only by rounding
    double sum = 0;
    for (size_t t = 0; t < count; ++t) {
      exact[t] = std::max(0.0, 1.0 - std::abs(first + static_cast<double>(t) + 0.5 - centre) / reach);
      sum += exact[t];
    }
    if (sum <= 0) exact[0] = sum = 1.0;  // a region on the very edge of the image
    int16_t* weights = axis.weights.data() + i * axis.taps;
    int rest = 1 << kWeightBits;
    for (size_t t = 0; t < count; ++t) {
      weights[t] = static_cast<int16_t>(std::lround(exact[t] / sum * (1 << kWeightBits)));
      rest -= weights[t];
    }
    int16_t& largest = *std::max_element(weights, weights + count);
    largest = static_cast<int16_t>(largest + rest);
    axis.first[i] = first;
  }
  return axis;
}

#if defined(__SSE2__)
// Two weights, for the even and the odd numbers of a vector.
__m128i pair_of(const int16_t* weights) {
  int32_t both;
  std::memcpy(&both, weights, sizeof both);
  return _mm_set1_epi32(both);
}

// The next 16 bytes of two rows, weighted, onto four sums of four.
void add_pair(const uint8_t* even, const uint8_t* odd, __m128i weights, __m128i sums[4]) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(even));
  const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(odd));
  const __m128i low = _mm_unpacklo_epi8(a, b), high = _mm_unpackhi_epi8(a, b);
  sums[0] = _mm_add_epi32(sums[0], _mm_madd_epi16(_mm_unpacklo_epi8(low, zero), weights));
  sums[1] = _mm_add_epi32(sums[1], _mm_madd_epi16(_mm_unpackhi_epi8(low, zero), weights));
  sums[2] = _mm_add_epi32(sums[2], _mm_madd_epi16(_mm_unpacklo_epi8(high, zero), weights));
  sums[3] = _mm_add_epi32(sums[3], _mm_madd_epi16(_mm_unpackhi_epi8(high, zero), weights));
}
#endif

// out[i] = the mean of `rows` at i, with kBetweenBits of fraction.
void sum_rows(const std::vector<const uint8_t*>& rows, const int16_t* weights, size_t count, int16_t* out) {
  size_t i = 0;
#if defined(__SSE2__)
  for (; i + 16 <= count; i += 16) {
    const __m128i half = _mm_set1_epi32(1 << (kRowShift - 1));
    __m128i sums[4] = {half, half, half, half};
    for (size_t t = 0; t < rows.size(); t += 2)
      add_pair(rows[t] + i, rows[t + 1] + i, pair_of(weights + t), sums);
    for (__m128i& sum : sums) sum = _mm_srai_epi32(sum, kRowShift);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm_packs_epi32(sums[0], sums[1]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i + 8), _mm_packs_epi32(sums[2], sums[3]));
  }
#endif
  for (; i < count; ++i) {
    int32_t sum = 1 << (kRowShift - 1);
    for (size_t t = 0; t < rows.size(); ++t) sum += weights[t] * rows[t][i];
    out[i] = static_cast<int16_t>(sum >> kRowShift);
  }
}

// Means of `taps` pixels of a row, each with `channels` numbers. The row may be read to one number and one
// pixel behind the last of them.
template <size_t channels>
void mean_of(const int16_t* pixel, const int16_t* weights, size_t taps, uint8_t* out) {
#if defined(__SSE2__)
  if constexpr (channels == 3) {
    __m128i sums = _mm_set1_epi32(1 << (kColumnShift - 1));
    for (size_t t = 0; t < taps; t += 2, pixel += 2 * channels) {
      const __m128i a = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixel));
      const __m128i b = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixel + channels));
      sums = _mm_add_epi32(sums, _mm_madd_epi16(_mm_unpacklo_epi16(a, b), pair_of(weights + t)));
    }
    const __m128i words = _mm_packs_epi32(_mm_srai_epi32(sums, kColumnShift), _mm_setzero_si128());
    const auto bytes = static_cast<uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(words, words)));
    for (size_t c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(bytes >> (8 * c));
    return;
  }
#endif
  for (size_t c = 0; c < channels; ++c) {
    int32_t sum = 1 << (kColumnShift - 1);
    for (size_t t = 0; t < taps; ++t) sum += weights[t] * pixel[t * channels + c];
    out[c] = static_cast<uint8_t>(sum >> kColumnShift);
  }
}

// A row of the output from `row`, which begins at column `begin` of the image.
template <size_t channels>
void sum_columns(const int16_t* row, int begin, const Axis& columns, Mirror mirror, uint8_t* out) {
  const size_t width = columns.first.size();
  for (size_t x = 0; x < width; ++x) {
    const size_t to = mirror == Mirror::yes ? width - 1 - x : x;
    mean_of<channels>(row + static_cast<size_t>(columns.first[x] - begin) * channels, columns.weights_of(x),
                      columns.taps, out + to * channels);
  }
}

}  // namespace

void resample(const Image& from, const Region& region, const ImageShape& to, Mirror mirror,
              std::span<uint8_t> out) {
  const ImageShape& shape = from.shape;
  PACT_CHECK(shape.channels == to.channels && (to.channels == 1 || to.channels == 3));
  PACT_CHECK(shape.height > 0 && shape.width > 0 && to.height > 0 && to.width > 0);
  PACT_CHECK(region.width > 0 && region.height > 0 && out.size() == to.pixels());
  const Axis down = make_axis(to.height, region.top, region.height, shape.height);
  const Axis across = make_axis(to.width, region.left, region.width, shape.width);
  const int begin = across.first.front();
  const int end = std::min(shape.width, across.first.back() + static_cast<int>(across.taps));

  const size_t channels = static_cast<size_t>(shape.channels);
  const size_t stride = static_cast<size_t>(shape.width) * channels;
  const size_t count = static_cast<size_t>(end - begin) * channels;
  std::vector<int16_t> between(count + (across.taps + 1) * kMaxChannels +
                               1);  // zeros behind the row, for mean_of
  std::vector<const uint8_t*> rows(down.taps);
  for (size_t y = 0; y < down.first.size(); ++y) {
    for (size_t t = 0; t < rows.size(); ++t) {
      const int row = std::min(down.first[y] + static_cast<int>(t), shape.height - 1);
      rows[t] =
          from.pixels.data() + static_cast<size_t>(row) * stride + static_cast<size_t>(begin) * channels;
    }
    sum_rows(rows, down.weights_of(y), count, between.data());
    uint8_t* line = out.data() + y * static_cast<size_t>(to.width) * channels;
    if (channels == 1)
      sum_columns<1>(between.data(), begin, across, mirror, line);
    else
      sum_columns<3>(between.data(), begin, across, mirror, line);
  }
}

}  // namespace pact::data
