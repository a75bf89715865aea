// Down the columns first: a row of the image is contiguous, and what is left for the second pass is small.
// The passes are kernels (kernels/resample/resample.h); here is where the weights come from.
#include "data/resample.h"

#include <algorithm>
#include <cmath>

#include "base/cpu.h"
#include "base/error.h"
#include "kernels/resample/resample.h"

namespace pact::data {
namespace {

constexpr int kWeightBits = kernels::kResampleWeightBits;

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

// The passes take weights of neighbouring outputs side by side (kernels/resample/resample.h).
std::vector<int16_t> side_by_side(const Axis& axis) {
  const size_t outputs = axis.first.size();
  std::vector<int16_t> weights(axis.weights.size());
  for (size_t i = 0; i < outputs; ++i)
    for (size_t t = 0; t < axis.taps; ++t)
      weights[2 * (t / 2 * outputs + i) + t % 2] = axis.weights[i * axis.taps + t];
  return weights;
}

// Outputs from the last to the first.
Axis reversed(const Axis& axis) {
  Axis turned{axis.taps, {axis.first.rbegin(), axis.first.rend()}, {}};
  for (size_t i = axis.first.size(); i-- > 0;)
    turned.weights.insert(turned.weights.end(), axis.weights_of(i), axis.weights_of(i) + axis.taps);
  return turned;
}

}  // namespace

void resample(const Image& from, const Region& region, const ImageShape& to, Mirror mirror,
              std::span<uint8_t> out) {
  const ImageShape& shape = from.shape;
  PACT_CHECK(shape.channels == to.channels && (to.channels == 1 || to.channels == 3));
  PACT_CHECK(shape.height > 0 && shape.width > 0 && to.height > 0 && to.width > 0);
  PACT_CHECK(region.width > 0 && region.height > 0 && out.size() == to.pixels());
  const Axis down = make_axis(to.height, region.top, region.height, shape.height);
  const Axis straight = make_axis(to.width, region.left, region.width, shape.width);
  const int begin = straight.first.front();
  const int end = std::min(shape.width, straight.first.back() + static_cast<int>(straight.taps));
  Axis across = mirror == Mirror::yes ? reversed(straight) : straight;
  for (int& first : across.first) first -= begin;
  const std::vector<int16_t> weights = side_by_side(across);

  static const kernels::ResampleKernels& kernels = kernels::resample_kernels(selected_isa());
  const size_t channels = static_cast<size_t>(shape.channels);
  const size_t stride = static_cast<size_t>(shape.width) * channels;
  const size_t count = static_cast<size_t>(end - begin) * channels;
  // Weights of 0 meet the zeros behind the row.
  std::vector<int16_t> between(count + across.taps * channels + kernels::kResampleOverread);
  std::vector<const uint8_t*> rows(down.taps);
  for (size_t y = 0; y < down.first.size(); ++y) {
    for (size_t t = 0; t < rows.size(); ++t) {
      const int row = std::min(down.first[y] + static_cast<int>(t), shape.height - 1);
      rows[t] =
          from.pixels.data() + static_cast<size_t>(row) * stride + static_cast<size_t>(begin) * channels;
    }
    kernels.down_columns({.rows = rows.data(),
                          .weights = down.weights_of(y),
                          .taps = static_cast<int64_t>(down.taps),
                          .count = static_cast<int64_t>(count),
                          .out = between.data()});
    kernels.along_row({.row = between.data(),
                       .first = across.first.data(),
                       .weights = weights.data(),
                       .taps = static_cast<int64_t>(across.taps),
                       .outputs = to.width,
                       .channels = to.channels,
                       .out = out.data() + y * static_cast<size_t>(to.width) * channels});
  }
}

}  // namespace pact::data
