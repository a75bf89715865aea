// Every instruction set against the definition, element by element.

#include "kernels/max_pool/max_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"

namespace pact::kernels {
namespace {

template <typename Element>
void compare(void (*MaxPoolKernels::*kernel)(const MaxWindow<Element>&) noexcept) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    const auto rows = static_cast<int64_t>(random.below(4)), columns = static_cast<int64_t>(random.below(4));
    const auto channels = static_cast<int64_t>(1 + random.below(300));
    const int64_t step = random.below(3) == 0 ? 2 : 1;
    const int64_t width = columns * step + static_cast<int64_t>(random.below(3));
    std::vector<Element> image(static_cast<size_t>((rows * width + columns * step) * channels));
    for (Element& x : image) {
      if constexpr (std::is_integral_v<Element>)
        x = static_cast<Element>(random.below(256));
      else
        x = static_cast<Element>(random.normal());
      if constexpr (std::is_floating_point_v<Element>)
        if (random.below(20) == 0)
          x = random.below(2) ? std::numeric_limits<Element>::quiet_NaN() : Element{-0.0f};
    }
    for (const Isa isa : available_isas()) {
      std::vector<Element> out(static_cast<size_t>(channels));
      (max_pool_kernels(isa).*kernel)({image.data(), rows, columns, width, step, channels, out.data()});
      for (int64_t c = 0; c < channels; ++c) {
        using Limits = std::numeric_limits<Element>;
        Element greatest = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
        for (int64_t row = 0; row < rows; ++row)
          for (int64_t column = 0; column < columns; ++column) {
            const Element x = image[static_cast<size_t>((row * width + column * step) * channels + c)];
            if (x > greatest) greatest = x;
          }
        const Element got = out[static_cast<size_t>(c)];
        ASSERT_EQ(got, greatest) << name_of(isa) << ", channel " << c << " of " << channels;
        if constexpr (std::is_floating_point_v<Element>) {
          ASSERT_EQ(std::signbit(got), std::signbit(greatest)) << name_of(isa);
        }
      }
    }
  }
}

TEST(MaxPoolKernels, TakeTheGreatestOfEachChannel) {
  compare<float>(&MaxPoolKernels::f32);
  compare<uint8_t>(&MaxPoolKernels::u8);
  compare<int8_t>(&MaxPoolKernels::i8);
  compare<int32_t>(&MaxPoolKernels::i32);
}

}  // namespace
}  // namespace pact::kernels
