// Every instruction set against sums and codes computed one by one (quant/requantize.h), and extreme
// operands.

#include "kernels/integer_conv/integer_conv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/test_kernels.h"
#include "quant/requantize.h"

namespace pact::kernels {
namespace {

constexpr int kBlock = IntegerConvKernels::kBlock;

std::vector<Named<IntegerConvKernels>> all_kernels() {
  return named_kernels<IntegerConvKernels>(
      integer_conv_kernels, PACT_EMULATED({"emulated x86_avx512", &kIntegerConv_x86_avx512_emulated}));
}

std::vector<int16_t> random_integers(Random& random, size_t count) {
  std::vector<int16_t> integers(count);
  for (int16_t& i : integers)
    i = static_cast<int16_t>(random.below(4) == 0 ? (random.below(2) ? 255 : -255)
                                                  : static_cast<int>(random.below(511)) - 255);
  return integers;
}

TEST(IntegerConvKernels, MultiplySumsProductsExactly) {
  Random random(1);
  for (int64_t pixel_count = 0; pixel_count <= 27; ++pixel_count)
    for (const int64_t pairs : {1, 2, 9}) {
      const std::vector<int64_t> segments{0, 50, 101};
      std::vector<int64_t> pixels;
      for (int64_t p = 0; p < pixel_count; ++p) pixels.push_back(static_cast<int64_t>(random.below(200)));
      const std::vector<int16_t> x = random_integers(random, 400);
      const std::vector<int16_t> weights =
          random_integers(random, segments.size() * static_cast<size_t>(pairs * 2 * kBlock));
      for (const auto& [name, kernels] : all_kernels()) {
        const int64_t stride = kBlock + 3;
        std::vector<int32_t> sums(static_cast<size_t>(pixel_count * stride + 1), -7);
        kernels->multiply({x.data(), pixels.data(), pixel_count, segments.data(),
                           static_cast<int64_t>(segments.size()), pairs, weights.data(), sums.data(),
                           stride});
        for (int64_t p = 0; p < pixel_count; ++p)
          for (int64_t o = 0; o < stride; ++o) {
            int32_t expected = 0;
            for (size_t s = 0; s < segments.size(); ++s)
              for (int64_t k = 0; k < 2 * pairs; ++k)
                expected +=
                    x[static_cast<size_t>(pixels[static_cast<size_t>(p)] + segments[s] + k)] *
                    weights[(s * static_cast<size_t>(pairs) + static_cast<size_t>(k / 2)) * 2 * kBlock +
                            static_cast<size_t>(2 * (o % kBlock) + k % 2)];
            ASSERT_EQ(sums[static_cast<size_t>(p * stride + o)], o < kBlock ? expected : -7)
                << name << " pixel " << p << " of " << pixel_count << ", channel " << o;
          }
      }
    }
}

}  // namespace
}  // namespace pact::kernels
