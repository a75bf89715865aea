#include "train/quantizers/activation_clips.h"

#include <gtest/gtest.h>

#include "quant/clip.h"
#include "train/gradient_check.h"

namespace pact::train {
namespace {

at::Tensor leaf(at::Tensor t) { return t.detach().set_requires_grad(true); }

TEST(ClipQuantize, ForwardIsTheNumberFormat) {
  at::manual_seed(1);
  for (int bits = 1; bits <= 8; ++bits)
    for (const float alpha : {0.37f, 1.0f, 6.0f}) {
      const at::Tensor x = at::randn({1001}) * 4;
      const at::Tensor q = clip_quantize(x, at::scalar_tensor(alpha), bits);
      const quant::Grid grid = quant::clip_grid(alpha, bits);
      for (int64_t i = 0; i < x.numel(); ++i)
        ASSERT_EQ(q.data_ptr<float>()[i], grid.value_of(grid.code_of(x.data_ptr<float>()[i])))
            << "bits " << bits;
    }
}

TEST(ClipQuantize, GradientsAreThoseOfThePaper) {
  // Equation 3, also on the kinks themselves: d/dx is 1 on [0, alpha), d/dalpha is 1 from alpha on.
  const at::Tensor x = leaf(at::tensor({-1.0f, 0.0f, 0.25f, 0.999f, 1.0f, 5.0f}));
  const at::Tensor alpha = leaf(at::scalar_tensor(1.0f));
  clip_quantize(x, alpha, 2).sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), at::tensor({0.0f, 1.0f, 1.0f, 1.0f, 0.0f, 0.0f})));
  EXPECT_EQ(alpha.grad().item<float>(), 2.0f);
}

TEST(ClipQuantize, GradientsEqualCentralDifferencesOfTheClip) {
  at::manual_seed(2);
  const at::Tensor x64 = at::randn({300}).to(at::kDouble) * 2;
  const at::Tensor alpha64 = at::scalar_tensor(1.1, at::kDouble);
  const at::Tensor safe = (x64.abs() > 1e-3).logical_and((x64 - alpha64).abs() > 1e-3).to(at::kDouble);
  const at::Tensor weight = at::randn({300}).to(at::kDouble) * safe;
  const auto value = [&](const at::Tensor& x, const at::Tensor& a) {
    return (at::minimum(x.clamp_min(0), a) * weight).sum().item<double>();
  };
  const at::Tensor x = leaf(x64.to(at::kFloat)), alpha = leaf(alpha64.to(at::kFloat));
  const auto ours = torch::autograd::grad({clip_quantize(x, alpha, 4)}, {x, alpha}, {weight.to(at::kFloat)});
  EXPECT_LT((ours[0] - numeric_gradient([&](const at::Tensor& v) { return value(v, alpha64); }, x64))
                .abs()
                .max()
                .item<double>(),
            1e-5);
  EXPECT_NEAR(
      ours[1].item<double>(),
      numeric_gradient([&](const at::Tensor& v) { return value(x64, v); }, alpha64.clone()).item<double>(),
      1e-4);
}

TEST(ClipQuantize, Bfloat16IsTheRoundedFloat32) {
  at::manual_seed(3);
  const at::Tensor x = (at::randn({5, 7, 9, 3}) * 3).to(at::kBFloat16);
  const at::Tensor alpha = at::scalar_tensor(2.7f);
  const at::Tensor q = clip_quantize(x, alpha, 4);
  EXPECT_EQ(q.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(q, clip_quantize(x.to(at::kFloat), alpha, 4).to(at::kBFloat16)));
}

TEST(ClipQuantize, GradientOfAlphaDoesNotDependOnTheNumberOfThreads) {
  at::Tensor gradients[2];
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    at::manual_seed(4);
    const at::Tensor x = leaf(at::randn({3, 16, 65, 67})), alpha = leaf(at::scalar_tensor(0.5f));
    gradients[threads - 1] =
        torch::autograd::grad({clip_quantize(x, alpha, 3)}, {alpha}, {at::randn(x.sizes())})[0];
  }
  EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
}

TEST(Catalog, RefusesUnknownQuantizersByName) {
  EXPECT_THROW(make_activation_quantizer("pakt"), std::exception);
  EXPECT_THROW(make_weight_quantizer("sawp"), std::exception);
  for (const auto& entry : activation_quantizers()) EXPECT_NE(make_activation_quantizer(entry.name), nullptr);
  for (const auto& entry : weight_quantizers()) EXPECT_NE(make_weight_quantizer(entry.name), nullptr);
}

}  // namespace
}  // namespace pact::train
