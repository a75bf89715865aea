// Every instruction set against the sum with the odd weights themselves.

#include "kernels/odd_weights/odd_weights.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/cpu.h"
#include "base/random.h"

namespace pact::kernels {
namespace {

TEST(OddWeightsKernels, FinishMakesProductsWithTheOddWeights) {
  Random random(1);
  for (const int64_t length : {1, 3, 31, 32, 33, 100}) {
    const std::vector<int64_t> segments{0, 2 * length + 1}, pixels{5, 0, 17};
    constexpr int64_t kWidth = 32, kStride = 35;
    std::vector<uint8_t> x(static_cast<size_t>(17 + 3 * length + 1));
    for (uint8_t& byte : x) byte = static_cast<uint8_t>(random.below(3) ? 255 : random.below(256));
    std::vector<int> v(static_cast<size_t>(kWidth * 2 * length));
    for (int& weight : v) weight = static_cast<int>(random.below(256)) - 128;
    std::vector<int32_t> start(kWidth);
    for (int32_t& s : start) s = static_cast<int32_t>(random.below(1000)) - 500;

    const auto sum = [&](size_t p, int64_t o, const auto& weight_of) {
      int32_t total = 0;
      for (size_t s = 0; s < 2; ++s)
        for (int64_t k = 0; k < length; ++k)
          total += weight_of(v[static_cast<size_t>((o * 2 + static_cast<int64_t>(s)) * length + k)]) *
                   x[static_cast<size_t>(pixels[p] + segments[s] + k)];
      return total;
    };
    for (const Isa isa : available_isas()) {
      std::vector<int32_t> sums(pixels.size() * kStride, -7);
      for (size_t p = 0; p < pixels.size(); ++p)
        for (int64_t o = 0; o < kWidth; ++o)
          sums[p * kStride + static_cast<size_t>(o)] = sum(p, o, [](int weight) { return weight; });
      const OddWindows windows{.x = x.data(),
                               .pixels = pixels.data(),
                               .pixel_count = static_cast<int64_t>(pixels.size()),
                               .segments = segments.data(),
                               .segment_count = 2,
                               .length = length,
                               .start = start.data(),
                               .accumulators = sums.data(),
                               .width = kWidth,
                               .stride = kStride};
      odd_weights_kernels(isa).finish(windows);
      std::vector<int32_t> window_sums(pixels.size());
      odd_weights_kernels(isa).sum_windows(windows, window_sums.data());
      for (size_t p = 0; p < pixels.size(); ++p) {
        int32_t window = 0;
        for (const int64_t segment : segments)
          for (int64_t k = 0; k < length; ++k) window += x[static_cast<size_t>(pixels[p] + segment + k)];
        ASSERT_EQ(window_sums[p], window) << name_of(isa) << ", length " << length << ", pixel " << p;
      }
      for (size_t p = 0; p < pixels.size(); ++p)
        for (int64_t o = 0; o < kStride; ++o)
          ASSERT_EQ(sums[p * kStride + static_cast<size_t>(o)],
                    o < kWidth
                        ? start[static_cast<size_t>(o)] + sum(p, o, [](int weight) { return 2 * weight + 1; })
                        : -7)
              << name_of(isa) << ", length " << length << ", pixel " << p << ", channel " << o;
    }
  }
}

}  // namespace
}  // namespace pact::kernels
