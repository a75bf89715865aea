#include "engine/split_weights.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "kernels/split_conv/split_conv.h"

namespace pact::engine {
namespace {

constexpr size_t kFour = 4 * kernels::SplitConvKernels::kBlock;

TEST(SplitWeights, PartsKeepTheBoundAndAddUp) {
  Random random(1);
  const std::vector<int64_t> segments{0, 1000};
  constexpr int64_t kFours = 6, kBlocks = 3;
  std::vector<int8_t> weights(kBlocks * 2 * kFours * kFour);
  for (int8_t& w : weights)
    w = static_cast<int8_t>(random.below(40) == 0 ? (random.below(2) ? 127 : -128)
                                                  : static_cast<int>(random.below(64)) - 32);
  weights[0] = weights[1] = -128;
  const std::vector<int8_t> before = weights;
  const double share = extra_share(weights);
  const ExtraTurns extra = split(weights, segments, kFours);
  EXPECT_GT(extra.offsets.size(), 0u);
  EXPECT_DOUBLE_EQ(share, static_cast<double>(extra.offsets.size()) / (kBlocks * 2 * kFours));
  ASSERT_EQ(extra.begin.size(), size_t{kBlocks + 1});

  std::vector<int> sums(weights.begin(), weights.end());
  for (size_t block = 0; block < kBlocks; ++block)
    for (auto e = extra.begin[block]; e < extra.begin[block + 1]; ++e) {
      const int64_t offset = extra.offsets[static_cast<size_t>(e)];
      const size_t turn =
          (block * 2 + (offset >= 1000 ? 1 : 0)) * kFours + static_cast<size_t>(offset % 1000 / 4);
      for (size_t i = 0; i < kFour; ++i)
        sums[turn * kFour + i] += extra.weights[static_cast<size_t>(e) * kFour + i];
    }
  for (size_t i = 0; i < sums.size(); ++i) ASSERT_EQ(sums[i], before[i]) << i;
  EXPECT_EQ(extra_share(weights), 0.0);
  EXPECT_EQ(extra_share(extra.weights), 0.0);
}

}  // namespace
}  // namespace pact::engine
