// Every instruction set gives the bits of the portable kernel, in every combination of inputs and outputs;
// and the portable kernel does what its contract says, element by element.

#include "kernels/norm_activate/norm_activate.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "quant/clip.h"

namespace pact::kernels {
namespace {

constexpr int64_t kWidth = 48, kCount = kWidth * 11;

using Bytes = std::vector<unsigned char>;

size_t size_of(Storage storage) { return storage == Storage::f32 ? 4 : 2; }

Bytes random_tensor(Storage storage, uint64_t seed) {
  Random random(seed);
  Bytes bytes(static_cast<size_t>(kCount) * size_of(storage));
  for (size_t i = 0; i < static_cast<size_t>(kCount); ++i) {
    const float v = static_cast<float>(random.normal());
    const uint32_t u = __builtin_bit_cast(uint32_t, v);
    if (storage == Storage::f32)
      __builtin_memcpy(&bytes[4 * i], &u, 4);
    else
      __builtin_memcpy(&bytes[2 * i], reinterpret_cast<const char*>(&u) + 2, 2);
  }
  return bytes;
}

std::vector<float> random_lanes(uint64_t seed) {
  Random random(seed);
  std::vector<float> lanes(kWidth);
  for (float& v : lanes) v = static_cast<float>(random.normal());
  return lanes;
}

// Everything that the four kernels produce in one combination.
struct Results {
  std::vector<float> sum, sum_squares, sum_dz, sum_dzy, sum_alpha;
  Bytes r, q, dz, dy;
  bool operator==(const Results&) const = default;
};

Results run(Isa isa, Storage storage, bool shortcut, bool real, bool quantized, float residue = 0.0f) {
  const NormActivateKernels& k = norm_activate_kernels(isa);
  const Bytes y = random_tensor(storage, 1), s = random_tensor(storage, 2), dr = random_tensor(storage, 3),
              dq = random_tensor(storage, 4);
  const std::vector<float> scale = random_lanes(5), shift = random_lanes(6), center = random_lanes(7),
                           a = random_lanes(8), b = random_lanes(9);
  const std::vector<float> zero(kWidth);
  const Bytes empty(y.size());
  Results o{zero, zero, zero, zero, zero, empty, empty, empty, empty};
  k.moments(storage, kCount, kWidth, y.data(), center.data(), o.sum.data(), o.sum_squares.data());
  k.forward(storage,
            {kCount, kWidth, y.data(), shortcut ? s.data() : nullptr, scale.data(), shift.data(), 0.0f, 0.8f,
             quant::clip_step(0.8f, 3), real ? o.r.data() : nullptr, quantized ? o.q.data() : nullptr});
  const NormActivateBackward back{kCount,
                                  kWidth,
                                  y.data(),
                                  shortcut ? o.r.data() : nullptr,
                                  real ? dr.data() : nullptr,
                                  quantized ? dq.data() : nullptr,
                                  scale.data(),
                                  shift.data(),
                                  0.0f,
                                  0.8f,
                                  quant::clip_step(0.8f, 3),
                                  residue};
  k.backward_sums(storage, back, center.data(), o.sum_dz.data(), o.sum_dzy.data(), o.sum_alpha.data(),
                  shortcut ? o.dz.data() : nullptr);
  k.backward_apply(storage, back, shortcut ? o.dz.data() : nullptr, scale.data(), a.data(), b.data(),
                   o.dy.data());
  return o;
}

TEST(NormActivateKernels, EveryInstructionSetGivesTheBitsOfThePortableOne) {
  for (const Storage storage : {Storage::f32, Storage::bf16})
    for (const bool shortcut : {false, true})
      for (const bool quantized : {false, true})
        for (const bool real : {false, true})
          for (const float residue : {0.0f, 1.0f / 7}) {
            if ((!real && !quantized) || (shortcut && !real)) continue;
            const Results expected = run(Isa::portable, storage, shortcut, real, quantized, residue);
            for (const Isa isa : available_isas())
              EXPECT_TRUE(run(isa, storage, shortcut, real, quantized, residue) == expected)
                  << name_of(isa) << " shortcut " << shortcut << " real " << real << " quantized "
                  << quantized;
          }
}

TEST(NormActivateKernels, ThePortableOneDoesWhatTheContractSays) {
  constexpr float kResidue = 1.0f / 7;
  const Results o = run(Isa::portable, Storage::f32, true, true, true);
  const Results with_residue = run(Isa::portable, Storage::f32, true, true, true, kResidue);
  const auto floats = [](const Bytes& bytes) {
    std::vector<float> v(bytes.size() / 4);
    __builtin_memcpy(v.data(), bytes.data(), bytes.size());
    return v;
  };
  const std::vector<float> y = floats(random_tensor(Storage::f32, 1)),
                           s = floats(random_tensor(Storage::f32, 2)),
                           dr = floats(random_tensor(Storage::f32, 3)),
                           dq = floats(random_tensor(Storage::f32, 4));
  const std::vector<float> scale = random_lanes(5), shift = random_lanes(6), a = random_lanes(8),
                           b = random_lanes(9);
  const std::vector<float> r = floats(o.r), q = floats(o.q), dz = floats(o.dz), dy = floats(o.dy);
  const float step = quant::clip_step(0.8f, 3);
  std::vector<float> alpha(kWidth), plus(kWidth);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t l = i % kWidth;
    const float affine = y[i] * scale[l] + shift[l];
    const float z = affine + s[i];
    ASSERT_EQ(r[i], z > 0 ? z : 0.0f);
    ASSERT_EQ(q[i], quant::clip_code(r[i], 0.8f, step) * step);
    const float expected = r[i] > 0 ? dr[i] + (r[i] < 0.8f ? dq[i] : 0.0f) : 0.0f;
    ASSERT_EQ(dz[i], expected);
    ASSERT_EQ(dy[i], dz[i] * scale[l] + y[i] * a[l] + b[l]);
    alpha[l] += r[i] >= 0.8f ? dq[i] : 0.0f;
    const float code = r[i] / step;
    plus[l] += r[i] >= 0.8f ? dq[i] : (quant::round_half_even(code) - code) * kResidue * dq[i];
  }
  EXPECT_EQ(o.sum_alpha, alpha);
  EXPECT_EQ(with_residue.sum_alpha, plus);
  EXPECT_EQ(with_residue.dy, o.dy);
}

}  // namespace
}  // namespace pact::kernels
