// Sums of a block of places, and of the colours of a pixel, which compilers turn into vectors of any size.
#include "kernels/resample/resample.h"

#include "kernels/resample/plain.inc"

namespace pact::kernels {
namespace {

constexpr int64_t kBlock = 32;

void down_columns(const DownColumns& given) noexcept {
  const DownColumns d = given;
  int64_t i = 0;
  for (; i + kBlock <= d.count; i += kBlock) {
    int32_t sums[kBlock];
    for (int32_t& sum : sums) sum = 1 << (kRowShift - 1);
    for (int64_t t = 0; t < d.taps; ++t) {
      const uint8_t* row = d.rows[t] + i;
      const int16_t weight = d.weights[t];
      for (int64_t k = 0; k < kBlock; ++k) sums[k] += weight * static_cast<int16_t>(row[k]);
    }
    for (int64_t k = 0; k < kBlock; ++k) d.out[i + k] = static_cast<int16_t>(sums[k] >> kRowShift);
  }
  plain_down_columns(d, i);
}

void along_row(const AlongRow& given) noexcept {
  const AlongRow a = given;
  if (a.channels != 3) return plain_along_row(a, 0);
  for (int64_t x = 0; x < a.outputs; ++x) {
    const int16_t* pixel = a.row + 3 * int64_t{a.first[x]};
    const int16_t* weights = a.weights + 2 * x;
    int32_t red = 1 << (kColumnShift - 1), green = red, blue = red;
    for (int64_t t = 0; t < a.taps; t += 2, pixel += 6, weights += 2 * a.outputs) {
      red += weights[0] * pixel[0] + weights[1] * pixel[3];
      green += weights[0] * pixel[1] + weights[1] * pixel[4];
      blue += weights[0] * pixel[2] + weights[1] * pixel[5];
    }
    a.out[3 * x] = static_cast<uint8_t>(red >> kColumnShift);
    a.out[3 * x + 1] = static_cast<uint8_t>(green >> kColumnShift);
    a.out[3 * x + 2] = static_cast<uint8_t>(blue >> kColumnShift);
  }
}

}  // namespace

const ResampleKernels kResample_portable = {down_columns, along_row};

}  // namespace pact::kernels
