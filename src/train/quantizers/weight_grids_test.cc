#include "train/quantizers/weight_grids.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <set>

namespace pact::train {
namespace {

TEST(WeightQuantizers, HaveAsManyLevelsAsTheirBitsAllow) {
  at::manual_seed(1);
  const at::Tensor w = at::rand({32, 16, 3, 3}) * 2 - 1;  // reaches every level
  for (const auto& entry : weight_quantizers())
    for (int bits = entry.name == "symmetric" ? 2 : 1; bits <= 6; ++bits) {
      const at::Tensor q = make_weight_quantizer(entry.name)->quantize(w, bits);
      const std::set<float> levels(q.data_ptr<float>(), q.data_ptr<float>() + q.numel());
      const size_t expected = entry.name == "symmetric" ? (size_t{1} << bits) - 1 : size_t{1} << bits;
      EXPECT_EQ(levels.size(), expected) << entry.name << " " << bits;
      EXPECT_EQ(levels.contains(0.0f), entry.name == "symmetric") << entry.name;
    }
}

TEST(WeightQuantizers, DorefaEqualsThePaperAndItsGradientIsThatOfTheTransform) {
  at::manual_seed(2);
  const at::Tensor w = at::randn({8, 4, 3, 3}).set_requires_grad(true);
  const at::Tensor q = make_weight_quantizer("dorefa")->quantize(w, 3);
  const at::Tensor t = w.detach().tanh(), largest = t.abs().max();
  const at::Tensor u = t / (2 * largest) + 0.5;
  const at::Tensor expected = 2 * at::round(u * 7) / 7 - 1;
  EXPECT_LT((q - expected).abs().gt(1e-5).to(at::kFloat).mean().item<float>(), 0.01);
  const at::Tensor g = at::randn(w.sizes());
  const at::Tensor dw = torch::autograd::grad({q}, {w}, {g})[0];
  EXPECT_LT((dw - g * (1 - t * t) / largest).abs().max().item<float>(), 1e-4);
}

TEST(WeightQuantizers, StatisticSchemesPassTheGradientThrough) {
  at::manual_seed(3);
  for (const char* name : {"sawb", "symmetric"}) {
    const at::Tensor w = at::randn({8, 40}).set_requires_grad(true);
    const at::Tensor g = at::randn(w.sizes());
    EXPECT_TRUE(
        at::equal(torch::autograd::grad({make_weight_quantizer(name)->quantize(w, 4)}, {w}, {g})[0], g));
  }
}

}  // namespace
}  // namespace pact::train
