// Every instruction set against the number format itself (quant/clip.h), element by element, and against the
// portable kernel's bits for the sums.

#include "kernels/clip_quantize/clip_quantize.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "quant/clip.h"

namespace pact::kernels {
namespace {

std::vector<float> values_with_extremes(size_t count, float alpha, int bits, uint64_t seed) {
  Random random(seed);
  std::vector<float> x(count);
  const float step = quant::clip_step(alpha, bits);
  for (float& v : x) v = static_cast<float>(random.normal() * static_cast<double>(alpha));
  const float special[] = {0.0f,
                           -0.0f,
                           alpha,
                           std::nextafter(alpha, 0.0f),
                           1e30f,
                           -1e30f,
                           std::numeric_limits<float>::infinity(),
                           -std::numeric_limits<float>::infinity(),
                           std::numeric_limits<float>::denorm_min(),
                           0.5f * step,
                           1.5f * step,
                           2.5f * step};
  for (size_t i = 0; i < std::size(special) && 7 * i < count; ++i) x[7 * i] = special[i];
  return x;
}

TEST(ClipQuantizeKernels, ForwardIsTheNumberFormatOnEveryInstructionSet) {
  for (const Isa isa : available_isas())
    for (int bits = 1; bits <= 8; ++bits)
      for (const size_t count : {1u, 15u, 16u, 17u, 63u, 64u, 65u, 1000u}) {
        const float alpha = 0.3f * static_cast<float>(bits);
        const std::vector<float> x = values_with_extremes(count, alpha, bits, count);
        std::vector<float> q(count);
        const float step = quant::clip_step(alpha, bits);
        clip_quantize_kernels(isa).forward(Storage::f32, static_cast<int64_t>(count), x.data(), alpha, step,
                                           q.data());
        for (size_t i = 0; i < count; ++i)
          ASSERT_EQ(q[i], quant::clip_code(x[i], alpha, step) * step)
              << name_of(isa) << " bits " << bits << " x " << x[i];
      }
}

TEST(ClipQuantizeKernels, BackwardFollowsEquation3OnEveryInstructionSet) {
  for (const Isa isa : available_isas())
    for (const size_t count : {1u, 64u, 129u, 4099u}) {
      const float alpha = 1.25f;
      const std::vector<float> x = values_with_extremes(count, alpha, 4, count);
      std::vector<float> dq(count), dx(count), lanes(ClipQuantizeKernels::kLanes),
          reference(ClipQuantizeKernels::kLanes);
      Random random(count);
      for (float& g : dq) g = static_cast<float>(random.normal());
      clip_quantize_kernels(isa).backward(Storage::f32, static_cast<int64_t>(count), x.data(), dq.data(),
                                          alpha, dx.data(), lanes.data());
      for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(dx[i], x[i] >= 0 && x[i] < alpha ? dq[i] : 0.0f);
        reference[i % reference.size()] += x[i] >= alpha ? dq[i] : 0.0f;
      }
      EXPECT_EQ(lanes, reference) << name_of(isa);
    }
}

TEST(ClipQuantizeKernels, Bfloat16BitsAreTheSameOnEveryInstructionSet) {
  Random random(7);
  std::vector<uint16_t> x(5001);
  for (uint16_t& v : x) v = static_cast<uint16_t>(0x3f00 + random.below(0x180) + (random.below(2) << 15));
  std::vector<uint16_t> expected(x.size()), q(x.size());
  clip_quantize_kernels(Isa::portable)
      .forward(Storage::bf16, 5001, x.data(), 1.7f, quant::clip_step(1.7f, 3), expected.data());
  for (const Isa isa : available_isas()) {
    clip_quantize_kernels(isa).forward(Storage::bf16, 5001, x.data(), 1.7f, quant::clip_step(1.7f, 3),
                                       q.data());
    EXPECT_EQ(q, expected) << name_of(isa);
  }
}

}  // namespace
}  // namespace pact::kernels
