// Every instruction set, real or emulated, against the portable loops, which tests of data/resample.h hold to
// the exact means.

#include "kernels/resample/resample.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/test_kernels.h"

namespace pact::kernels {
namespace {

std::vector<Named<ResampleKernels>> all_kernels() {
  return named_kernels<ResampleKernels>(
      resample_kernels, PACT_EMULATED({"emulated x86_avx512", &kResample_x86_avx512_emulated}));
}

// Not negative, adding up to 2^14; all of it on one tap every now and then.
std::vector<int16_t> weights_of_one(Random& random, int64_t taps) {
  std::vector<int16_t> weights(static_cast<size_t>(taps));
  int rest = 1 << kResampleWeightBits;
  for (size_t t = 1; t < weights.size() && random.below(8) != 0; ++t) {
    weights[t] = static_cast<int16_t>(random.below(static_cast<uint64_t>(rest) + 1));
    rest -= weights[t];
  }
  weights[0] = static_cast<int16_t>(rest);
  return weights;
}

TEST(ResampleKernels, MeansDownTheColumns) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const auto taps = static_cast<int64_t>(2 + 2 * random.below(5)),
               count = static_cast<int64_t>(1 + random.below(150));
    std::vector<std::vector<uint8_t>> rows(static_cast<size_t>(taps),
                                           std::vector<uint8_t>(static_cast<size_t>(count)));
    std::vector<const uint8_t*> pointers;
    for (auto& row : rows) {
      for (uint8_t& byte : row) byte = random.below(4) == 0 ? 255 : static_cast<uint8_t>(random.below(256));
      pointers.push_back(row.data());
    }
    const std::vector<int16_t> weights = weights_of_one(random, taps);
    for (const auto& [name, kernels] : all_kernels()) {
      std::vector<int16_t> out(static_cast<size_t>(count), -1);
      kernels->down_columns({pointers.data(), weights.data(), taps, count, out.data()});
      for (size_t i = 0; i < out.size(); ++i) {
        int64_t sum = 128;
        for (size_t t = 0; t < rows.size(); ++t) sum += weights[t] * rows[t][i];
        ASSERT_EQ(out[i], sum / 256) << name << ", " << i << " of " << count;
      }
    }
  }
}

TEST(ResampleKernels, MeansAlongARow) {
  Random random(2);
  for (int round = 0; round < 300; ++round) {
    const auto taps = static_cast<int64_t>(2 + 2 * random.below(5)),
               outputs = static_cast<int64_t>(1 + random.below(40));
    const int64_t channels = random.below(4) == 0 ? 1 : 3;
    const auto pixels = static_cast<size_t>(taps) + random.below(60);
    // Not a number more than the contract asks for: the sanitizers watch.
    std::vector<int16_t> row(pixels * static_cast<size_t>(channels) + kResampleOverread);
    for (int16_t& x : row)
      x = static_cast<int16_t>(random.below(4) == 0 ? 255 << kResampleBetweenBits
                                                    : random.below(255 << kResampleBetweenBits));
    std::vector<int32_t> first(static_cast<size_t>(outputs));
    std::vector<int16_t> weights(static_cast<size_t>(outputs * taps));
    std::vector<uint8_t> expected(static_cast<size_t>(outputs * channels));
    for (size_t x = 0; x < first.size(); ++x) {
      first[x] = static_cast<int32_t>(random.below(pixels - static_cast<size_t>(taps) + 1));
      const std::vector<int16_t> own = weights_of_one(random, taps);
      for (size_t t = 0; t < own.size(); ++t) weights[2 * (t / 2 * first.size() + x) + t % 2] = own[t];
      for (int64_t c = 0; c < channels; ++c) {
        int64_t sum = 1 << 19;
        for (size_t t = 0; t < own.size(); ++t)
          sum += own[t] * row[static_cast<size_t>((first[x] + static_cast<int64_t>(t)) * channels + c)];
        expected[static_cast<size_t>(static_cast<int64_t>(x) * channels + c)] =
            static_cast<uint8_t>(sum >> 20);
      }
    }
    for (const auto& [name, kernels] : all_kernels()) {
      std::vector<uint8_t> out(expected.size(), 77);
      kernels->along_row({row.data(), first.data(), weights.data(), taps, outputs, channels, out.data()});
      ASSERT_EQ(out, expected) << name << ", " << outputs << " outputs of " << channels << " channels";
    }
  }
}

}  // namespace
}  // namespace pact::kernels
