// Every instruction set against quant::rescale, which 128-bit integers check in turn
// (quant/requantize_test.cc).

#include "kernels/fixed_requantize/fixed_requantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "quant/requantize.h"

namespace pact::kernels {
namespace {

constexpr quant::FixedPointLimits kLimits = quant::kNetworkLimits;

int64_t between(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low + 1)));
}

// Extremes, ties and anything else.
struct Case {
  std::vector<int32_t> x, multiplier;
  std::vector<int64_t> bias, shift;

  Case(uint64_t seed, int64_t rows, int64_t width) {
    Random random(seed);
    using Limits = std::numeric_limits<int32_t>;
    for (int64_t i = 0; i < width; ++i) {
      const int64_t most_m = (1 << kLimits.multiplier_bits) - 1, most_b = int64_t{1} << kLimits.bias_bits;
      const bool is_extreme = random.below(4) == 0, is_dyadic = random.below(3) == 0;
      const int64_t sign = random.below(2) ? 1 : -1;
      multiplier.push_back(static_cast<int32_t>(is_extreme  ? sign * most_m
                                                : is_dyadic ? sign * (int64_t{1} << random.below(15))
                                                            : between(random, -most_m, most_m)));
      bias.push_back(random.below(4) == 0 ? (random.below(2) ? most_b : -most_b)
                                          : between(random, -most_b, most_b) >> random.below(46));
      shift.push_back(random.below(8) == 0 ? kLimits.least_shift : between(random, 1, kLimits.largest_shift));
      if (is_dyadic) bias.back() = 0;
    }
    for (int64_t i = 0; i < rows * width; ++i) {
      const auto any = static_cast<int32_t>(static_cast<uint32_t>(random.bits()));
      x.push_back(random.below(10) == 0   ? Limits::min()
                  : random.below(10) == 0 ? Limits::max()
                                          : any >> random.below(31));
    }
  }

  FixedRescale rows_of(int64_t rows) const {
    const auto width = static_cast<int64_t>(multiplier.size());
    return {rows, width, x.data(), multiplier.data(), bias.data(), shift.data()};
  }
  int64_t expected(size_t i) const {
    const size_t c = i % multiplier.size();
    return quant::rescale(x[i], {multiplier[c], bias[c], static_cast<int>(shift[c])});
  }
};

TEST(FixedRequantizeKernels, CodesAreTheNumberFormatOnEveryInstructionSet) {
  const struct { int least, largest; } ends[] = {{0, 1}, {0, 15}, {0, 255}, {-1, 1}, {-127, 127}};
  for (const Isa isa : available_isas())
    for (uint64_t seed = 0; seed < 300; ++seed) {
      const int64_t rows = 1 + static_cast<int64_t>(seed % 3),
                    width = 1 + static_cast<int64_t>(seed * 7 % 70);
      const Case test(seed, rows, width);
      const auto [least, largest] = ends[seed % std::size(ends)];
      std::vector<uint8_t> codes(test.x.size());
      fixed_requantize_kernels(isa).requantize(test.rows_of(rows), least, largest, codes.data());
      for (size_t i = 0; i < codes.size(); ++i)
        ASSERT_EQ(codes[i], static_cast<uint8_t>(std::clamp<int64_t>(test.expected(i), least, largest)))
            << name_of(isa) << " seed " << seed << " element " << i;
    }
}

TEST(FixedRequantizeKernels, StreamsAreTheNumberFormatOnEveryInstructionSet) {
  size_t fitting = 0;
  for (const Isa isa : available_isas())
    for (uint64_t seed = 0; seed < 300; ++seed) {
      const int64_t rows = 1 + static_cast<int64_t>(seed % 3),
                    width = 1 + static_cast<int64_t>(seed * 5 % 70);
      const Case test(seed, rows, width);
      std::vector<int32_t> stream(test.x.size());
      fixed_requantize_kernels(isa).rescale(test.rows_of(rows), stream.data());
      for (size_t i = 0; i < stream.size(); ++i) {
        const int64_t y = test.expected(i);
        if (y != static_cast<int32_t>(y)) continue;  // lowering excludes it
        ASSERT_EQ(stream[i], y) << name_of(isa) << " seed " << seed << " element " << i;
        ++fitting;
      }
    }
  EXPECT_GT(fitting, 20000u);
}

}  // namespace
}  // namespace pact::kernels
