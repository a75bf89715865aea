// Every instruction set against the number format itself (quant/grid.h), element by element, and against the
// written gradients; all give the bits of the portable kernel.

#include "kernels/clip_quantize/clip_quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "quant/grid.h"

namespace pact::kernels {
namespace {

using quant::Grid;
using quant::GridKind;

constexpr int64_t kWidth = 24;

// Lanes whose steps differ, as those of channels do.
struct Lanes {
  std::vector<Grid> grids;
  std::vector<float> least, largest, step;

  Lanes(GridKind kind, int bits) {
    for (int l = 0; l < kWidth; ++l) {
      const Grid grid{kind, bits, 0.05f + 0.013f * static_cast<float>(l)};
      grids.push_back(grid);
      step.push_back(grid.step);
      least.push_back(grid.value_of(grid.min_code()));
      largest.push_back(grid.value_of(grid.max_code()));
    }
  }
  ClipLanes lanes(size_t count) const {
    return {static_cast<int64_t>(count), kWidth, least.data(), largest.data(), step.data()};
  }
};

std::vector<float> values_with_extremes(const Lanes& lanes, size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> x(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t l = i % kWidth;
    const float step = lanes.step[l], largest = lanes.largest[l], least = lanes.least[l];
    const float special[] = {0.0f,
                             -0.0f,
                             largest,
                             std::nextafter(largest, 0.0f),
                             least,
                             std::nextafter(least, -1.0f),
                             1e30f,
                             -1e30f,
                             std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::denorm_min(),
                             0.5f * step,
                             -1.5f * step,
                             2.5f * step};
    x[i] = i % 3 == 0 ? special[i / 3 % std::size(special)] : static_cast<float>(random.normal()) * largest;
  }
  return x;
}

const GridKind kKinds[] = {GridKind::unsigned_, GridKind::symmetric, GridKind::signed_};

TEST(ClipQuantizeKernels, ForwardIsTheNumberFormatOnEveryInstructionSet) {
  for (const Isa isa : available_isas())
    for (const GridKind kind : kKinds)
      for (int bits = has_signed_codes(kind) ? 2 : 1; bits <= 8; ++bits) {
        const Lanes lanes(kind, bits);
        const std::vector<float> x = values_with_extremes(lanes, 41 * kWidth, static_cast<uint64_t>(bits));
        std::vector<float> q(x.size());
        clip_quantize_kernels(isa).forward(Storage::f32, lanes.lanes(x.size()), x.data(), q.data());
        for (size_t i = 0; i < x.size(); ++i) {
          const Grid& grid = lanes.grids[i % kWidth];
          ASSERT_EQ(q[i], grid.value_of(grid.code_of(x[i])))
              << name_of(isa) << " " << name_of(kind) << " bits " << bits << " x " << x[i];
        }
      }
}

TEST(ClipQuantizeKernels, BackwardIsAsWrittenOnEveryInstructionSet) {
  for (const Isa isa : available_isas())
    for (const GridKind kind : kKinds)
      for (const ClipShares& shares : {ClipShares{0, 1, 0}, ClipShares{-1, 1, 0}, ClipShares{-4, 3, 1}}) {
        const Lanes lanes(kind, 3);
        const std::vector<float> x = values_with_extremes(lanes, 29 * kWidth, 5);
        std::vector<float> dq(x.size()), dx(x.size()), sum(kWidth), expected(kWidth);
        Random random(6);
        for (float& g : dq) g = static_cast<float>(random.normal());
        clip_quantize_kernels(isa).backward(Storage::f32, lanes.lanes(x.size()), shares, x.data(), dq.data(),
                                            dx.data(), sum.data());
        for (size_t i = 0; i < x.size(); ++i) {
          const size_t l = i % kWidth;
          const bool above = x[i] >= lanes.largest[l], below = x[i] < lanes.least[l];
          ASSERT_EQ(dx[i], above || below ? 0.0f : dq[i]) << x[i];
          const float z = x[i] / lanes.step[l];
          const float share = above   ? shares.above
                              : below ? shares.below
                                      : (quant::round_half_even(z) - z) * shares.residue;
          expected[l] += share * dq[i];
        }
        EXPECT_EQ(sum, expected) << name_of(isa) << " " << name_of(kind);
      }
}

TEST(ClipQuantizeKernels, Bfloat16BitsAreTheSameOnEveryInstructionSet) {
  Random random(7);
  const Lanes lanes(GridKind::symmetric, 3);
  std::vector<uint16_t> x(200 * kWidth), dq(x.size());
  for (uint16_t& v : x) v = static_cast<uint16_t>(0x3e00 + random.below(0x200) + (random.below(2) << 15));
  for (uint16_t& v : dq) v = static_cast<uint16_t>(0x3f00 + random.below(0x180) + (random.below(2) << 15));
  const auto run = [&](Isa isa) {
    std::vector<uint16_t> q(x.size()), dx(x.size());
    std::vector<float> sum(kWidth);
    const ClipQuantizeKernels& kernels = clip_quantize_kernels(isa);
    kernels.forward(Storage::bf16, lanes.lanes(x.size()), x.data(), q.data());
    kernels.backward(Storage::bf16, lanes.lanes(x.size()), {-1, 1, 0.3f}, x.data(), dq.data(), dx.data(),
                     sum.data());
    return std::tuple(q, dx, sum);
  };
  for (const Isa isa : available_isas()) EXPECT_EQ(run(isa), run(Isa::portable)) << name_of(isa);
}

}  // namespace
}  // namespace pact::kernels
