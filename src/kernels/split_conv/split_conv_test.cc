// Every instruction set against sums computed one by one, with pairs of weights as heavy as allowed.

#include "kernels/split_conv/split_conv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"

namespace pact::kernels {
namespace {

constexpr int64_t kBlock = SplitConvKernels::kBlock;
constexpr int kLargestPair = SplitConvKernels::kLargestPair;

// Pairs within the bounds, half of them at one.
std::vector<int8_t> random_weights(Random& random, int64_t fours) {
  std::vector<int8_t> weights;
  for (int64_t pair = 0; pair < fours * kBlock * 2; ++pair) {
    const int sign = random.below(2) ? 1 : -1;
    const int first = static_cast<int>(random.below(128));
    const int rest = kLargestPair - first;
    const int second =
        random.below(2) ? rest : static_cast<int>(random.below(static_cast<uint64_t>(rest) + 1));
    weights.push_back(static_cast<int8_t>(sign * first));
    weights.push_back(static_cast<int8_t>(std::clamp(sign * second, -128, 127)));
  }
  return weights;
}

TEST(SplitConvKernels, MultiplySumsProductsExactly) {
  Random random(1);
  for (int64_t pixel_count = 0; pixel_count <= 23; ++pixel_count) {
    // 300: more than is multiplied at once.
    const int64_t fours = pixel_count % 4 == 3 ? 300 : static_cast<int64_t>(1 + random.below(12));
    const auto blocks = static_cast<int64_t>(1 + random.below(3));
    const std::vector<int64_t> segments{0, 4 * fours + 1, 9 * fours};
    std::vector<int64_t> pixels, extra_begin{0}, extra_offsets;
    for (int64_t p = 0; p < pixel_count; ++p) pixels.push_back(static_cast<int64_t>(random.below(100)));
    for (int64_t b = 0; b < blocks; ++b) {
      for (uint64_t extra = random.below(5); extra > 0; --extra)
        extra_offsets.push_back(static_cast<int64_t>(random.below(static_cast<uint64_t>(4 * fours))));
      extra_begin.push_back(static_cast<int64_t>(extra_offsets.size()));
    }
    std::vector<uint8_t> x(static_cast<size_t>(100 + 13 * fours + 4));
    for (uint8_t& byte : x) byte = static_cast<uint8_t>(random.below(4) ? 255 : random.below(256));
    const std::vector<int8_t> weights = random_weights(random, blocks * 3 * fours);
    const std::vector<int8_t> extra = random_weights(random, static_cast<int64_t>(extra_offsets.size()));
    std::vector<int32_t> start(static_cast<size_t>(blocks * kBlock));
    for (int32_t& s : start) s = static_cast<int32_t>(random.bits());

    const auto expected = [&](int64_t p, int64_t o) {
      auto sum = static_cast<uint32_t>(start[static_cast<size_t>(o)]);
      const auto add = [&](const std::vector<int8_t>& from, int64_t four, int64_t at) {
        for (int64_t k = 0; k < 4; ++k)
          sum += static_cast<uint32_t>(x[static_cast<size_t>(pixels[static_cast<size_t>(p)] + at + k)] *
                                       from[static_cast<size_t>((four * kBlock + o % kBlock) * 4 + k)]);
      };
      for (int64_t s = 0; s < 3; ++s)
        for (int64_t k = 0; k < fours; ++k)
          add(weights, (o / kBlock * 3 + s) * fours + k, segments[static_cast<size_t>(s)] + 4 * k);
      for (int64_t e = extra_begin[static_cast<size_t>(o / kBlock)];
           e < extra_begin[static_cast<size_t>(o / kBlock + 1)]; ++e)
        add(extra, e, extra_offsets[static_cast<size_t>(e)]);
      return static_cast<int32_t>(sum);
    };
    for (const Isa isa : available_isas()) {
      const int64_t width = blocks * kBlock, stride = width + 3;
      std::vector<int32_t> sums(static_cast<size_t>(pixel_count * stride + 1), -7);
      split_conv_kernels(isa).multiply({.x = x.data(),
                                        .pixels = pixels.data(),
                                        .pixel_count = pixel_count,
                                        .segments = segments.data(),
                                        .segment_count = 3,
                                        .fours = fours,
                                        .weights = weights.data(),
                                        .extra_begin = extra_begin.data(),
                                        .extra_offsets = extra_offsets.data(),
                                        .extra_weights = extra.data(),
                                        .blocks = blocks,
                                        .start = start.data(),
                                        .accumulators = sums.data(),
                                        .stride = stride});
      for (int64_t p = 0; p < pixel_count; ++p)
        for (int64_t o = 0; o < stride; ++o)
          ASSERT_EQ(sums[static_cast<size_t>(p * stride + o)], o < width ? expected(p, o) : -7)
              << name_of(isa) << ", pixel " << p << " of " << pixel_count << ", channel " << o << ", "
              << fours << " fours";
    }
  }
}

}  // namespace
}  // namespace pact::kernels
