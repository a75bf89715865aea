// Down the columns first: a row of the image is contiguous, so that compilers turn the sums of rows into
// vector instructions, and what is left for the second pass is small.
#include "data/resample.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace pact::data {
namespace {

constexpr int kWeightBits = 14;  // weights are 16-bit integers that add up to 2^14
constexpr int kBetweenBits = 6;  // fraction bits between the passes: 255 * 2^6 fits 16 bits
constexpr int kOne = 1 << kWeightBits;

// Which pixels of a row (or column) one output pixel is made of.
struct Taps {
  int first = 0;
  std::vector<int16_t> weights;
};

// Output pixel i covers the centre c = begin + (i + 1/2) scale; input pixel j, whose centre is j + 1/2, has
// weight max(0, 1 - |j + 1/2 - c| / reach), reach = max(1, scale), divided by the sum of all.
Taps taps_of(int i, double begin, double scale, int inputs) {
  const double reach = std::max(1.0, scale);
  const double centre = begin + (i + 0.5) * scale;
  const int first = std::clamp(static_cast<int>(std::floor(centre - reach)), 0, inputs - 1);
  const int last = std::clamp(static_cast<int>(std::ceil(centre + reach)), first + 1, inputs);
  std::vector<double> exact;
  double sum = 0;
  for (int j = first; j < last; ++j) {
    exact.push_back(std::max(0.0, 1.0 - std::abs(j + 0.5 - centre) / reach));
    sum += exact.back();
  }
  if (sum <= 0) {  // a region on the very edge of the image
    exact.assign(exact.size(), 0.0);
    exact[centre < first + 0.5 ? 0 : exact.size() - 1] = sum = 1.0;
  }
  Taps taps{first, {}};
  int rest = kOne;
  for (const double weight : exact) {
    taps.weights.push_back(static_cast<int16_t>(std::lround(weight / sum * kOne)));
    rest -= taps.weights.back();
  }
  int16_t& largest = *std::ranges::max_element(taps.weights);
  largest = static_cast<int16_t>(largest + rest);
  while (taps.weights.size() > 1 && taps.weights.back() == 0) taps.weights.pop_back();
  while (taps.weights.size() > 1 && taps.weights.front() == 0) {
    taps.weights.erase(taps.weights.begin());
    ++taps.first;
  }
  return taps;
}

std::vector<Taps> all_taps(int outputs, double begin, double extent, int inputs) {
  std::vector<Taps> all;
  for (int i = 0; i < outputs; ++i) all.push_back(taps_of(i, begin, extent / outputs, inputs));
  return all;
}

// sums[i] = the mean of `taps` rows at i, with kBetweenBits of fraction.
void sum_rows(const uint8_t* rows, size_t stride, const Taps& taps, size_t count, int32_t* sums,
              int16_t* out) {
  for (size_t i = 0; i < count; ++i) sums[i] = 1 << (kWeightBits - kBetweenBits - 1);
  for (size_t t = 0; t < taps.weights.size(); ++t) {
    const uint8_t* row = rows + t * stride;
    const int16_t weight = taps.weights[t];
    for (size_t i = 0; i < count; ++i) sums[i] += weight * static_cast<int16_t>(row[i]);
  }
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<int16_t>(sums[i] >> (kWeightBits - kBetweenBits));
}

template <int channels>
void sum_columns(const int16_t* row, const std::vector<Taps>& columns, int begin, uint8_t* out) {
  for (const Taps& taps : columns) {
    int32_t sums[channels];
    for (int c = 0; c < channels; ++c) sums[c] = 1 << (kWeightBits + kBetweenBits - 1);
    const int16_t* pixel = row + static_cast<ptrdiff_t>(taps.first - begin) * channels;
    for (const int16_t weight : taps.weights) {
      for (int c = 0; c < channels; ++c) sums[c] += weight * pixel[c];
      pixel += channels;
    }
    for (int c = 0; c < channels; ++c) *out++ = static_cast<uint8_t>(sums[c] >> (kWeightBits + kBetweenBits));
  }
}

}  // namespace

void resample(const Image& from, const Region& region, const ImageShape& to, Mirror mirror,
              std::span<uint8_t> out) {
  const ImageShape& shape = from.shape;
  PACT_CHECK(shape.channels == to.channels && (to.channels == 1 || to.channels == 3));
  PACT_CHECK(shape.height > 0 && shape.width > 0 && to.height > 0 && to.width > 0);
  PACT_CHECK(region.width > 0 && region.height > 0 && out.size() == to.pixels());
  const std::vector<Taps> rows = all_taps(to.height, region.top, region.height, shape.height);
  std::vector<Taps> columns = all_taps(to.width, region.left, region.width, shape.width);
  const int begin = columns.front().first;
  const int end = columns.back().first + static_cast<int>(columns.back().weights.size());
  if (mirror == Mirror::yes) std::ranges::reverse(columns);

  const size_t channels = static_cast<size_t>(shape.channels);
  const size_t stride = static_cast<size_t>(shape.width) * channels;
  const size_t count = static_cast<size_t>(end - begin) * channels;
  std::vector<int32_t> sums(count);
  std::vector<int16_t> between(count);
  for (int y = 0; y < to.height; ++y) {
    const Taps& taps = rows[static_cast<size_t>(y)];
    const uint8_t* first = from.pixels.data() + static_cast<size_t>(taps.first) * stride + begin * channels;
    sum_rows(first, stride, taps, count, sums.data(), between.data());
    uint8_t* row = out.data() + static_cast<size_t>(y) * to.width * channels;
    if (channels == 1)
      sum_columns<1>(between.data(), columns, begin, row);
    else
      sum_columns<3>(between.data(), columns, begin, row);
  }
}

}  // namespace pact::data
