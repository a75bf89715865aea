// Every instruction set against codes computed one by one (quant/requantize.h), dividing and by the inverse.

#include "kernels/requantize/requantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/test_kernels.h"
#include "kernels/test_numbers.h"
#include "quant/inverse.h"
#include "quant/requantize.h"

namespace pact::kernels {
namespace {

std::vector<Named<RequantizeKernels>> all_kernels() {
  return named_kernels<RequantizeKernels>(
      requantize_kernels, PACT_EMULATED({"emulated x86_avx512", &kRequantize_x86_avx512_emulated}));
}

// As Requantize::is_bounded asks.
bool are_bounded(const std::vector<float>& z, float step) {
  return std::ranges::none_of(z, [&](float number) { return std::fabs(number) > 0x1p30f * step; });
}

TEST(RequantizeKernels, RequantizeIsTheNumberFormat) {
  Random random(2);
  for (int round = 0; round < 400; ++round) {
    const auto kind = static_cast<quant::GridKind>(random.below(4));
    const int bits = 2 + static_cast<int>(random.below(7));
    const quant::Grid grid{kind, bits,
                           random.below(2) ? 0.5f : static_cast<float>(random.uniform(0.01, 2.0))};
    const quant::Inverse inverse = random.below(2) ? quant::exact_inverse(grid) : quant::Inverse{};
    const auto rows = static_cast<int64_t>(random.below(4)),
               width = static_cast<int64_t>(1 + random.below(70));
    const int64_t stride = width + static_cast<int64_t>(random.below(3));
    std::vector<int32_t> accumulators(static_cast<size_t>(rows * stride));
    for (int32_t& a : accumulators) a = static_cast<int32_t>(random.bits()) >> (random.below(2) ? 0 : 24);
    std::vector<float> multiplier(static_cast<size_t>(width)), bias(multiplier.size());
    for (float& m : multiplier) m = random.below(2) ? 0.25f : static_cast<float>(random.normal() * 1e-6);
    for (float& b : bias) b = random.below(8) == 0 ? std::numeric_limits<float>::quiet_NaN() : 0.125f;
    std::vector<float> shortcut(accumulators.size());
    for (float& s : shortcut) s = static_cast<float>(random.normal());
    if (random.below(2))
      for (float& s : shortcut)
        if (random.below(8) == 0) s = kExtremes[random.below(std::size(kExtremes))];
    std::vector<uint8_t> shortcut_codes(accumulators.size());
    for (uint8_t& code : shortcut_codes) code = static_cast<uint8_t>(random.below(256));
    const float shortcut_step = static_cast<float>(random.uniform(0.001, 0.1));
    const uint64_t adds = random.below(3);  // nothing, reals, codes
    const bool relu = random.below(2), keeps = random.below(2), is_asked = random.below(2);
    std::vector<float> expected(accumulators.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      const size_t channel = i % static_cast<size_t>(stride);
      if (channel >= static_cast<size_t>(width)) continue;
      float& z = expected[i];
      z = quant::scale_accumulator(accumulators[i], multiplier[channel], bias[channel]);
      if (adds == 1) z = z + shortcut[i];
      if (adds == 2) z = z + static_cast<float>(shortcut_codes[i]) * shortcut_step;
      if (relu) z = z > 0.0f ? z : 0.0f;
    }
    for (const auto& [name, kernels] : all_kernels()) {
      std::vector<float> real(accumulators.size());
      std::vector<uint8_t> codes(accumulators.size());
      kernels->requantize({.rows = rows,
                           .width = width,
                           .stride = stride,
                           .accumulators = accumulators.data(),
                           .accumulator_stride = stride,
                           .multiplier = multiplier.data(),
                           .bias = bias.data(),
                           .shortcut = adds == 1 ? shortcut.data() : nullptr,
                           .shortcut_codes = adds == 2 ? shortcut_codes.data() : nullptr,
                           .shortcut_step = shortcut_step,
                           .activation = relu ? Activation::relu : Activation::none,
                           .real = keeps ? real.data() : nullptr,
                           .codes = codes.data(),
                           .code_kind = kind == quant::GridKind::odd ? CodeKind::odd : CodeKind::whole,
                           .step = grid.step,
                           .inverse = inverse.near,
                           .inverse_rest = inverse.rest,
                           .is_bounded = is_asked && are_bounded(expected, grid.step),
                           .least_code = grid.min_code(),
                           .largest_code = grid.max_code()});
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < width; ++c) {
          const auto i = static_cast<size_t>(r * stride + c);
          const float z = expected[i];
          ASSERT_EQ(codes[i], static_cast<uint8_t>(grid.code_of(z))) << name << " z " << z;
          if (keeps) {
            ASSERT_TRUE(real[i] == z || (std::isnan(real[i]) && std::isnan(z))) << name << " z " << z;
          }
        }
    }
  }
}

// Numbers within a few units of the last place around ties, where a quotient that is rounded otherwise shows,
// with steps of every size and mantissa.
TEST(RequantizeKernels, RequantizeDividesExactly) {
  Random random(4);
  constexpr int64_t kCount = 512;
  for (int round = 0; round < 2000; ++round) {
    auto mantissa = static_cast<uint32_t>(random.bits() & 0x7fffff);
    if (random.below(4) == 0) mantissa = 0x7fffff - static_cast<uint32_t>(random.below(3));
    const float step = std::ldexp(1.0f + static_cast<float>(mantissa) * 0x1p-23f,
                                  random.below(8) ? static_cast<int>(random.below(24)) - 16
                                                  : static_cast<int>(random.below(250)) - 125);
    const quant::Grid grid{random.below(2) ? quant::GridKind::unsigned_ : quant::GridKind::symmetric,
                           2 + static_cast<int>(random.below(7)), step};
    const quant::Inverse inverse = random.below(2) ? quant::exact_inverse(grid) : quant::Inverse{};
    std::vector<float> z(kCount);
    const bool has_infinity = random.below(2);
    for (float& number : z) {
      const double tie = static_cast<double>(random.below(258)) - 1.5 - (random.below(2) ? 128 : 0);
      number = static_cast<float>(tie * static_cast<double>(step));
      for (uint64_t steps = random.below(4); steps > 0; --steps)
        number = std::nextafter(number, random.below(2) ? 1e38f : -1e38f);
      if (has_infinity && random.below(50) == 0) number = std::numeric_limits<float>::infinity();
      if (random.below(50) == 0) number = std::numeric_limits<float>::quiet_NaN();
      if (random.below(50) == 0) number = std::ldexp(number, -120);
    }
    const std::vector<int32_t> accumulators(kCount, 0);
    const std::vector<float> multiplier(kCount, 0.0f);
    for (const auto& [name, kernels] : all_kernels()) {
      std::vector<uint8_t> codes(kCount);
      kernels->requantize({.rows = 1,
                           .width = kCount,
                           .stride = kCount,
                           .accumulators = accumulators.data(),
                           .accumulator_stride = kCount,
                           .multiplier = multiplier.data(),
                           .bias = z.data(),
                           .codes = codes.data(),
                           .code_kind = CodeKind::whole,
                           .step = step,
                           .inverse = inverse.near,
                           .inverse_rest = inverse.rest,
                           .is_bounded = are_bounded(z, step),
                           .least_code = grid.min_code(),
                           .largest_code = grid.max_code()});
      std::vector<uint8_t> again(kCount);
      kernels->quantize({.code_kind = CodeKind::whole,
                         .step = step,
                         .inverse = inverse.near,
                         .inverse_rest = inverse.rest,
                         .least_code = grid.min_code(),
                         .largest_code = grid.max_code()},
                        kCount, z.data(), again.data());
      for (size_t i = 0; i < codes.size(); ++i) {
        ASSERT_EQ(codes[i], static_cast<uint8_t>(grid.code_of(z[i])))
            << name << ", z " << z[i] << ", step " << step;
        ASSERT_EQ(again[i], codes[i]) << name << ", z " << z[i] << ", step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace pact::kernels
