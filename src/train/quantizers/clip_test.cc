// Every activation scheme, and the learned weight scheme, against the number format, against the same thing
// composed from libtorch's operations (everywhere), and against central differences in double precision (away
// from the kinks, the rounding error held fixed where it has no derivative).

#include "train/quantizers/clip.h"

#include <gtest/gtest.h>

#include <cmath>

#include "train/gradient_check.h"
#include "train/quantizers/catalog.h"

namespace pact::train {
namespace {

using quant::ActivationScheme;
using quant::Grid;
using quant::GridKind;
using quant::Learned;

at::Tensor leaf(at::Tensor t) { return t.detach().set_requires_grad(true); }

struct Case {
  ActivationScheme scheme;
  Grid form;
  int64_t channels;  // 0: one number for the tensor
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const quant::ActivationSchemeEntry& entry : quant::activation_schemes())
    for (const int bits : {2, 4, 8})
      for (const int64_t channels : {0, 5}) {
        if (channels > 0 && entry.learned == Learned::nothing) continue;
        all.push_back({entry.scheme, {GridKind::unsigned_, bits, 1.0f}, channels});
        all.push_back({entry.scheme, {entry.signed_grid, bits, 1.0f}, channels});
      }
  return all;
}

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << entry_of(c.scheme).name << " " << name_of(c.form.kind) << " " << c.form.bits << " bits, "
             << c.channels << " channels";
}

constexpr int64_t kImages = 3;

// What is quantized, and what is learned: levels around 1.2, or the steps of such levels.
struct Tensors {
  at::Tensor x, learned;

  explicit Tensors(const Case& c, at::ScalarType type = at::kFloat) {
    x = leaf((at::randn({kImages, 5, 9, 7}) * 1.3).to(type).contiguous(at::MemoryFormat::ChannelsLast));
    const Learned kind = entry_of(c.scheme).learned;
    if (kind == Learned::nothing) return;
    const at::Tensor level = c.channels ? at::rand({c.channels}) + 0.7 : at::scalar_tensor(1.2, at::kFloat);
    learned = leaf(kind == Learned::step ? level / c.form.max_code() : level);
  }
  int64_t features() const { return x.numel() / kImages; }
};

at::Tensor quantize(const Case& c, const Tensors& t) {
  const auto quantizer = make_activation_quantizer(std::string(entry_of(c.scheme).name));
  return clip_quantize(t.x, t.learned, quantizer->clip(c.form, t.learned, t.features()));
}

// Shaped to broadcast over [N,C,H,W].
at::Tensor along(const at::Tensor& learned) {
  return learned.dim() == 0 ? learned : learned.view({1, -1, 1, 1});
}

// As the papers write it, from ordinary operations; the straight-through estimator is `detach`.
at::Tensor composed(const Case& c, const at::Tensor& x, const at::Tensor& learned) {
  const double n = c.form.max_code(), m = -c.form.min_code();
  const auto straight_round = [](const at::Tensor& z) { return z + (at::round(z) - z).detach(); };
  switch (c.scheme) {
    case ActivationScheme::dorefa:
    case ActivationScheme::pact: {
      const at::Tensor alpha = learned.defined() ? along(learned) : at::scalar_tensor(1.0, x.options());
      const at::Tensor step = (alpha / n).detach();
      const at::Tensor raised = at::where(x < alpha * (-m / n), (alpha * (-m / n)).expand_as(x), x);
      const at::Tensor clipped = at::where(x < alpha, raised, alpha.expand_as(x));
      return clipped + (at::round(clipped / step) * step - clipped).detach();
    }
    case ActivationScheme::pact_plus: {
      const at::Tensor step = along(learned) / n;
      return straight_round((x / step).clamp(-m, n)) * step;
    }
    case ActivationScheme::lsq: {
      const double count = static_cast<double>(x.numel() / kImages) / static_cast<double>(learned.numel());
      const double g = 1.0 / std::sqrt(count * n);
      const at::Tensor scaled = learned * g;
      const at::Tensor step = along(scaled + (learned - scaled).detach());
      return straight_round((x / step).clamp(-m, n)) * step;
    }
  }
  return {};
}

TEST(ClipQuantize, ForwardIsTheNumberFormat) {
  at::manual_seed(1);
  for (const Case& c : cases()) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensors t(c);
    const at::Tensor q = quantize(c, t).contiguous(), x = t.x.detach().contiguous();
    const std::vector<Grid> grids = activation_grids(c.scheme, c.form, t.learned);
    for (int64_t i = 0; i < x.numel(); ++i) {
      const Grid& grid = grids[grids.size() == 1 ? 0 : static_cast<size_t>(i / 63 % 5)];
      ASSERT_EQ(q.data_ptr<float>()[i], grid.value_of(grid.code_of(x.data_ptr<float>()[i])));
    }
  }
}

TEST(ClipQuantize, EqualsTheComposedForm) {
  at::manual_seed(2);
  for (const Case& c : cases()) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensors t(c);
    const at::Tensor weight = at::randn(t.x.sizes());
    std::vector<at::Tensor> leaves{t.x};
    if (t.learned.defined()) leaves.push_back(t.learned);
    const auto ours = torch::autograd::grad({quantize(c, t)}, leaves, {weight});
    const auto theirs = torch::autograd::grad({composed(c, t.x, t.learned)}, leaves, {weight});
    // Composed, dq goes through a product and a quotient by the step.
    EXPECT_LT((ours[0] - theirs[0]).abs().max().item<double>(), 2e-6);
    if (!t.learned.defined()) continue;
    EXPECT_EQ(ours[1].sizes(), t.learned.sizes());
    const double scale = std::max(1.0, theirs[1].abs().max().item<double>());
    EXPECT_LT((ours[1] - theirs[1]).abs().max().item<double>() / scale, 2e-4);
  }
}

// Between the ends x + s r with the rounding error r in steps as it is at s; for PACT, whose levels do not
// move with alpha, only the clip. LSQ's gradient is that times 1 / sqrt(N Qp).
TEST(ClipQuantize, GradientsEqualCentralDifferencesAwayFromTheKinks) {
  at::manual_seed(3);
  for (const Case& c : cases()) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensors t(c);
    const double n = c.form.max_code(), m = -c.form.min_code();
    const bool learns_step = entry_of(c.scheme).learned == Learned::step;
    const at::Tensor x64 = t.x.detach().to(at::kDouble).contiguous();
    const at::Tensor p64 =
        (t.learned.defined() ? t.learned.detach() : at::scalar_tensor(1.0, at::kFloat)).to(at::kDouble);
    const auto step_of = [&](const at::Tensor& p) { return along(learns_step ? p : p / n); };
    const at::Tensor z0 = x64 / step_of(p64), r0 = at::round(z0) - z0;
    const bool moves = c.scheme == ActivationScheme::pact_plus || learns_step;
    const at::Tensor safe = ((z0 - n).abs() > 1e-2).logical_and((z0 + m).abs() > 1e-2).to(at::kDouble);
    const at::Tensor weight = at::randn(x64.sizes()).to(at::kDouble) * safe;
    const auto value = [&](const at::Tensor& x, const at::Tensor& p) {
      const at::Tensor s = step_of(p);
      const at::Tensor inside = moves ? x + s * r0 : x;
      const at::Tensor clipped =
          at::where(z0 >= n, (s * n).expand_as(x), at::where(z0 < -m, (s * -m).expand_as(x), inside));
      return (clipped * weight).sum().item<double>();
    };
    std::vector<at::Tensor> leaves{t.x};
    if (t.learned.defined()) leaves.push_back(t.learned);
    const auto ours = torch::autograd::grad({quantize(c, t)}, leaves, {weight.to(at::kFloat)});
    const at::Tensor dx = numeric_gradient([&](const at::Tensor& v) { return value(v, p64); }, x64);
    EXPECT_LT((ours[0] - dx).abs().max().item<double>(), 1e-5);
    if (!t.learned.defined()) continue;
    const double count = static_cast<double>(t.features()) / static_cast<double>(t.learned.numel());
    const double g = learns_step ? 1.0 / std::sqrt(count * n) : 1.0;
    const at::Tensor dp = numeric_gradient([&](const at::Tensor& v) { return value(x64, v); }, p64, 1e-6) * g;
    const double scale = std::max(1.0, dp.abs().max().item<double>());
    EXPECT_LT((ours[1] - dp).abs().max().item<double>() / scale, 2e-4);
  }
}

TEST(ClipQuantize, GradientsOfPactAreThoseOfThePaperOnTheKinks) {
  // Equation 3: d/dx is 1 on [0, alpha), d/dalpha is 1 from alpha on.
  const at::Tensor x = leaf(at::tensor({-1.0f, 0.0f, 0.25f, 0.999f, 1.0f, 5.0f}));
  const at::Tensor alpha = leaf(at::scalar_tensor(1.0f));
  const auto pact = make_activation_quantizer("pact");
  clip_quantize(x, alpha, pact->clip({GridKind::unsigned_, 2, 1.0f}, alpha, 6)).sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), at::tensor({0.0f, 1.0f, 1.0f, 1.0f, 0.0f, 0.0f})));
  EXPECT_EQ(alpha.grad().item<float>(), 2.0f);
}

TEST(ClipQuantize, Bfloat16IsTheRoundedFloat32) {
  at::manual_seed(4);
  for (const Case& c : cases()) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensors narrow(c, at::kBFloat16);
    Tensors wide = narrow;
    wide.x = leaf(narrow.x.detach().to(at::kFloat));
    const at::Tensor q = quantize(c, narrow), expected = quantize(c, wide);
    EXPECT_EQ(q.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(at::equal(q, expected.to(at::kBFloat16)));
    if (!narrow.learned.defined()) continue;
    const at::Tensor weight = at::randn(q.sizes()).to(at::kBFloat16);
    const at::Tensor ours = torch::autograd::grad({q}, {narrow.learned}, {weight})[0];
    EXPECT_TRUE(
        at::equal(ours, torch::autograd::grad({expected}, {narrow.learned}, {weight.to(at::kFloat)})[0]));
  }
}

TEST(ClipQuantize, GradientsDoNotDependOnTheNumberOfThreads) {
  for (const char* name : {"pact", "lsq"}) {
    const auto quantizer = make_activation_quantizer(name);
    at::Tensor gradients[2];
    for (const int threads : {1, 2}) {
      at::set_num_threads(threads);
      at::manual_seed(5);
      const at::Tensor x = leaf(at::randn({3, 16, 65, 67})), learned = leaf(at::scalar_tensor(0.5f));
      const Clip clip = quantizer->clip({GridKind::symmetric, 3, 1.0f}, learned, x.numel() / 3);
      gradients[threads - 1] =
          torch::autograd::grad({clip_quantize(x, learned, clip)}, {learned}, {at::randn(x.sizes())})[0];
    }
    EXPECT_TRUE(at::equal(gradients[0], gradients[1])) << name;
  }
}

TEST(Catalog, RefusesUnknownQuantizersByName) {
  EXPECT_THROW(make_activation_quantizer("pakt"), std::exception);
  EXPECT_THROW(make_weight_quantizer("sawp"), std::exception);
}

}  // namespace
}  // namespace pact::train
