// The fused function against the same thing composed from libtorch's operations (everywhere), and against
// central differences in double precision (away from the kinks, with rounding left out where it has no
// derivative).

#include "train/normalize_activate.h"

#include <gtest/gtest.h>

#include "train/gradient_check.h"
#include "train/quantizers/catalog.h"
#include "train/storage.h"

namespace pact::train {
namespace {

struct Case {
  std::vector<int64_t> shape;
  bool shortcut, real;
  int bits;
  Rectifier rectifier;
  std::string scheme = "pact";
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "shape " << at::IntArrayRef(c.shape) << " shortcut " << c.shortcut << " real " << c.real
             << " " << c.scheme << " bits " << c.bits << " relu " << (c.rectifier == Rectifier::relu);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{4, 16, 8, 8},
                                            {3, 5, 7, 3},
                                            {2, 64, 1, 1},
                                            {9, 12},
                                            {2, 3, 40, 41},
                                            {1, 300, 3, 2}})
    for (const bool shortcut : {false, true})
      for (const int bits : {0, 2, 8})
        for (const bool real : {false, true})
          for (const Rectifier rectifier : {Rectifier::relu, Rectifier::none})
            if ((real || bits > 0) && (bits == 0 || rectifier == Rectifier::relu))
              for (const char* scheme : {"pact", "pact_plus", "lsq"})
                if (bits > 0 || std::string(scheme) == "pact")
                  all.push_back({shape, shortcut, real, bits, rectifier, scheme});
  return all;
}

// q with the straight-through gradient, from ordinary operations.
at::Tensor composed_clip(const at::Tensor& x, const at::Tensor& learned, const Case& c) {
  const int bits = c.bits;
  const double n = (1 << bits) - 1;
  if (c.scheme != "pact") {
    const double g = c.scheme == "lsq" ? 1 / std::sqrt(static_cast<double>(x.numel() / x.size(0)) * n) : 1.0;
    const at::Tensor scaled = learned * g, same = scaled + (learned - scaled).detach();
    const at::Tensor step = c.scheme == "lsq" ? same : same / n;
    const at::Tensor z = (x / step).clamp(0, n);
    return (z + (at::round(z) - z).detach()) * step;
  }
  const at::Tensor& alpha = learned;
  const at::Tensor clipped = at::where(x < alpha, x.clamp_min(0), alpha);
  const at::Tensor step = alpha.detach() / n;
  const at::Tensor rounded = at::round(clipped.detach() / step) * step;
  return clipped + (rounded - clipped).detach();
}

struct Tensors {
  at::Tensor y, gamma, beta, mean, var, shortcut, alpha;
  explicit Tensors(const Case& c, at::ScalarType type) {
    const auto leaf = [](at::Tensor t) { return t.detach().set_requires_grad(true); };
    y = leaf(channels_last((at::randn(c.shape) * 1.5 + 0.7).to(type)));
    gamma = leaf(at::rand({c.shape[1]}) + 0.5);
    beta = leaf(at::randn({c.shape[1]}) * 0.3);
    mean = at::zeros({c.shape[1]});
    var = at::ones({c.shape[1]});
    if (c.shortcut) shortcut = leaf(channels_last(at::randn(c.shape).to(type)));
    const double divisor = c.scheme == "lsq" ? (1 << c.bits) - 1 : 1;
    if (c.bits) alpha = leaf(at::scalar_tensor(1.3 / divisor, at::kFloat));
  }
};

NormalizeActivateOutput composed(const Tensors& t, const Case& c) {
  at::Tensor z = at::batch_norm(t.y.to(at::kFloat), t.gamma, t.beta, t.mean, t.var, true, 0.1, 1e-5, false);
  if (c.shortcut) z = z + t.shortcut.to(at::kFloat);
  // The activation is stored before it is quantized.
  z = z + (z.detach().to(t.y.scalar_type()).to(at::kFloat) - z.detach());
  if (c.rectifier == Rectifier::relu) z = at::relu(z);
  NormalizeActivateOutput out;
  if (c.real) out.real = z;
  if (c.bits) out.quantized = composed_clip(z, t.alpha, c);
  return out;
}

NormalizeActivateOutput fused(const Tensors& t, const Case& c) {
  std::optional<Clip> clip;
  if (c.bits)
    clip = make_activation_quantizer(c.scheme)->clip({quant::GridKind::unsigned_, c.bits, 1.0f}, t.alpha,
                                                     t.y.numel() / t.y.size(0));
  return normalize_activate(
      {t.y, t.gamma, t.beta, t.mean, t.var, t.shortcut, t.alpha},
      {.rectifier = c.rectifier,
       .clip = clip,
       .real = c.real ? NormalizeActivateOptions::Real::wanted : NormalizeActivateOptions::Real::unwanted});
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

// Share of elements that differ by more than `tolerance`: rounding to another code at a tie is allowed to
// few.
double share_beyond(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().gt(tolerance).to(at::kDouble).mean().item<double>();
}

TEST(NormalizeActivate, EqualsTheComposedFormInFloat32) {
  at::manual_seed(1);
  for (const Case& c : cases()) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensors ours(c, at::kFloat);
    Tensors theirs = ours;
    theirs.mean = ours.mean.clone(), theirs.var = ours.var.clone();
    const NormalizeActivateOutput a = fused(ours, c), b = composed(theirs, c);
    if (c.real) {
      // Two pixels of a channel that nearly agree lose digits in their variance.
      EXPECT_LT(largest_difference(a.real, b.real), c.shape[0] * c.shape.back() <= 2 ? 2e-4 : 2e-5);
    }
    if (c.bits) {
      EXPECT_LT(share_beyond(a.quantized, b.quantized, 1e-4), 2e-3);
    }
    EXPECT_LT(largest_difference(ours.mean, theirs.mean), 1e-5);
    EXPECT_LT(largest_difference(ours.var, theirs.var), 1e-4);

    std::vector<at::Tensor> leaves{ours.y, ours.gamma, ours.beta};
    if (c.shortcut) leaves.push_back(ours.shortcut);
    if (c.bits) leaves.push_back(ours.alpha);
    std::vector<at::Tensor> outputs_a, outputs_b, weights;
    for (const auto& [ta, tb] : {std::pair(a.real, b.real), std::pair(a.quantized, b.quantized)})
      if (ta.defined())
        outputs_a.push_back(ta), outputs_b.push_back(tb), weights.push_back(at::randn(c.shape));
    const auto ga = torch::autograd::grad(outputs_a, leaves, weights);
    const auto gb = torch::autograd::grad(outputs_b, leaves, weights);
    for (size_t i = 0; i < leaves.size(); ++i) {
      const double scale = std::max(1.0, gb[i].abs().max().item<double>());
      EXPECT_LT(largest_difference(ga[i], gb[i]) / scale, 3e-4) << "gradient " << i;
    }
  }
}

TEST(NormalizeActivate, EqualsTheComposedFormInBfloat16) {
  at::manual_seed(2);
  for (const Case& c : cases()) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensors ours(c, at::kBFloat16);
    Tensors theirs = ours;
    theirs.mean = ours.mean.clone(), theirs.var = ours.var.clone();
    const NormalizeActivateOutput a = fused(ours, c), b = composed(theirs, c);
    if (c.real) {
      EXPECT_LT(largest_difference(a.real, b.real), 0.04);  // half a unit in the last place near 8
    }
    // A real value that was rounded may fall on the other side of a code's border: a step's difference in
    // few.
    if (c.bits == 2) {
      EXPECT_LT(share_beyond(a.quantized, b.quantized, 0.02), 0.02);
    }
    std::vector<at::Tensor> leaves{ours.gamma, ours.beta};
    if (c.bits) leaves.push_back(ours.alpha);
    std::vector<at::Tensor> outputs_a, outputs_b, weights_a, weights_b;
    for (const auto& [ta, tb] : {std::pair(a.real, b.real), std::pair(a.quantized, b.quantized)})
      if (ta.defined()) {
        const at::Tensor w = at::randn(c.shape).to(at::kBFloat16);
        outputs_a.push_back(ta), outputs_b.push_back(tb), weights_a.push_back(w),
            weights_b.push_back(w.to(at::kFloat));
      }
    const auto ga = torch::autograd::grad(outputs_a, leaves, weights_a);
    const auto gb = torch::autograd::grad(outputs_b, leaves, weights_b);
    for (size_t i = 0; i < leaves.size(); ++i) {
      const double scale = std::max(1.0, gb[i].abs().max().item<double>());
      EXPECT_LT(largest_difference(ga[i], gb[i]) / scale, 0.02) << "gradient " << i;
    }
  }
}

TEST(NormalizeActivate, GradientsEqualCentralDifferencesAwayFromTheKinks) {
  at::manual_seed(3);
  // z = batch norm + shortcut, r = relu(z), and the clip without rounding (the straight-through gradient is
  // that of the clip). A weight of zero takes elements near a kink out of the sum.
  const Case c{{2, 3, 4, 3}, true, true, 8, Rectifier::relu};
  const Tensors t(c, at::kFloat);
  const at::Tensor y = t.y.detach().to(at::kDouble).contiguous(), gamma = t.gamma.detach().to(at::kDouble),
                   beta = t.beta.detach().to(at::kDouble),
                   shortcut = t.shortcut.detach().to(at::kDouble).contiguous(),
                   alpha = t.alpha.detach().to(at::kDouble);
  const auto z_of = [&](const at::Tensor& y_, const at::Tensor& g, const at::Tensor& b, const at::Tensor& s) {
    const at::Tensor mean = y_.mean(at::IntArrayRef{0, 2, 3}, true);
    const at::Tensor var = (y_ - mean).pow(2).mean(at::IntArrayRef{0, 2, 3}, true);
    return (y_ - mean) / (var + 1e-5).sqrt() * g.view({1, -1, 1, 1}) + b.view({1, -1, 1, 1}) + s;
  };
  const at::Tensor z0 = z_of(y, gamma, beta, shortcut);
  const at::Tensor safe = (z0.abs() > 1e-2).logical_and((z0 - alpha).abs() > 1e-2).to(at::kDouble);
  const at::Tensor wr = at::randn(c.shape).to(at::kDouble) * safe,
                   wq = at::randn(c.shape).to(at::kDouble) * safe;
  const auto value = [&](const at::Tensor& y_, const at::Tensor& g, const at::Tensor& b, const at::Tensor& s,
                         const at::Tensor& a) {
    const at::Tensor r = z_of(y_, g, b, s).clamp_min(0);
    return ((r * wr).sum() + (at::minimum(r, a) * wq).sum()).item<double>();
  };
  const NormalizeActivateOutput out = fused(t, c);
  const auto ours =
      torch::autograd::grad({out.real, out.quantized}, {t.y, t.gamma, t.beta, t.shortcut, t.alpha},
                            {wr.to(at::kFloat), wq.to(at::kFloat)});
  const std::vector<at::Tensor> numeric = {
      numeric_gradient([&](const at::Tensor& v) { return value(v, gamma, beta, shortcut, alpha); }, y),
      numeric_gradient([&](const at::Tensor& v) { return value(y, v, beta, shortcut, alpha); }, gamma),
      numeric_gradient([&](const at::Tensor& v) { return value(y, gamma, v, shortcut, alpha); }, beta),
      numeric_gradient([&](const at::Tensor& v) { return value(y, gamma, beta, v, alpha); }, shortcut),
      numeric_gradient([&](const at::Tensor& v) { return value(y, gamma, beta, shortcut, v); },
                       alpha.clone())};
  for (size_t i = 0; i < numeric.size(); ++i)
    EXPECT_LT(largest_difference(ours[i], numeric[i]), 2e-4) << "gradient " << i;
}

TEST(NormalizeActivate, DoesNotDependOnTheNumberOfThreads) {
  const Case c{{16, 16, 32, 32}, true, true, 2, Rectifier::relu};
  std::vector<at::Tensor> results[2];
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    at::manual_seed(4);
    const Tensors t(c, at::kBFloat16);
    const NormalizeActivateOutput out = fused(t, c);
    const at::Tensor w = at::randn(c.shape).to(at::kBFloat16);
    results[threads - 1] =
        torch::autograd::grad({out.real, out.quantized}, {t.y, t.gamma, t.beta, t.shortcut, t.alpha}, {w, w});
  }
  for (size_t i = 0; i < results[0].size(); ++i)
    EXPECT_TRUE(at::equal(results[0][i], results[1][i])) << "gradient " << i;
}

TEST(NormalizeActivate, RunningStatisticsAreUsedAndNotChangedInEvaluation) {
  at::manual_seed(5);
  const Case c{{2, 4, 3, 3}, false, true, 0, Rectifier::none};
  Tensors t(c, at::kFloat);
  t.mean.fill_(0.5), t.var.fill_(4.0);
  const NormalizeActivateOutput out =
      normalize_activate({t.y, t.gamma, t.beta, t.mean, t.var, {}, {}},
                         {.statistics = Statistics::running, .rectifier = Rectifier::none});
  const at::Tensor expected = at::batch_norm(t.y, t.gamma, t.beta, t.mean, t.var, false, 0.1, 1e-5, false);
  EXPECT_LT(largest_difference(out.real, expected), 1e-5);
  EXPECT_TRUE(at::equal(t.mean, at::full({4}, 0.5)));
}

TEST(NormalizeActivate, KeepsNaNVisible) {
  const Case c{{1, 2, 2, 2}, false, true, 0, Rectifier::relu};
  Tensors t(c, at::kFloat);
  t.y.data_ptr<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(fused(t, c).real.isnan().any().item<bool>());
}

}  // namespace
}  // namespace pact::train
