#include "train/quantizers/weight_grids.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <set>

namespace pact::train {
namespace {

using quant::Granularity;

at::Tensor leaf(at::Tensor t) { return t.detach().set_requires_grad(true); }

// A step for the tensor or each output, where the scheme learns one.
at::Tensor step_for(const quant::WeightSchemeEntry& entry, const at::Tensor& w, const WeightForm& form) {
  if (entry.learned != quant::Learned::step) return {};
  const double n = (1 << (form.bits - 1)) - 1;
  return leaf(form.granularity == Granularity::tensor ? w.abs().max() / n : w.flatten(1).abs().amax(1) / n);
}

std::set<float> levels_of(const at::Tensor& q) {
  const at::Tensor flat = q.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

TEST(WeightQuantizers, HaveAsManyLevelsAsTheirBitsAllow) {
  at::manual_seed(1);
  const at::Tensor w = at::rand({32, 16, 3, 3}) * 2 - 1;  // reaches every level but LSQ's lowest one
  for (const quant::WeightSchemeEntry& entry : quant::weight_schemes())
    for (int bits = entry.least_bits; bits <= std::min(entry.most_bits, 6); ++bits)
      for (const Granularity granularity : {Granularity::tensor, Granularity::channel}) {
        const WeightForm form{bits, granularity};
        const auto quantizer = make_weight_quantizer(std::string(entry.name));
        const at::Tensor q = quantizer->quantize(w, step_for(entry, w, form), form);
        const bool has_zero = has_signed_codes(entry.grid);
        const size_t expected = (size_t{1} << bits) - (has_zero ? 1 : 0);
        const std::set<float> levels = levels_of(granularity == Granularity::tensor ? q : q[3]);
        if (granularity == Granularity::tensor || bits <= 3) {
          EXPECT_EQ(levels.size(), expected) << entry.name << " " << bits;
        }
        EXPECT_EQ(levels.contains(0.0f), has_zero) << entry.name;
      }
}

// Training computes what lowering will find.
TEST(WeightQuantizers, ForwardIsTheNumberFormat) {
  at::manual_seed(2);
  const at::Tensor w =
      at::randn({6, 5, 3, 3}) * at::tensor({1.0f, 0.1f, 3.0f, 1.0f, 0.5f, 2.0f}).view({6, 1, 1, 1});
  const std::span<const float> weights(w.data_ptr<float>(), static_cast<size_t>(w.numel()));
  for (const quant::WeightSchemeEntry& entry : quant::weight_schemes())
    for (int bits = entry.least_bits; bits <= entry.most_bits; ++bits)
      for (const Granularity granularity : {Granularity::tensor, Granularity::channel}) {
        const WeightForm form{bits, granularity};
        const at::Tensor step = step_for(entry, w, form);
        const at::Tensor q =
            make_weight_quantizer(std::string(entry.name))->quantize(w, step, form).contiguous();
        const size_t channels = granularity == Granularity::tensor ? 1 : 6;
        const std::span<const float> steps(step.defined() ? step.data_ptr<float>() : nullptr,
                                           step.defined() ? channels : 0);
        const auto grids = quant::choose_weight_grids(entry.scheme, bits, weights, channels, steps);
        std::vector<int16_t> codes(weights.size());
        quant::quantize_weights(grids, weights, codes);
        for (size_t i = 0; i < codes.size(); ++i)
          ASSERT_EQ(q.data_ptr<float>()[i], grids[i * channels / codes.size()].grid.value_of(codes[i]))
              << entry.name << " " << bits;
      }
}

TEST(WeightQuantizers, DorefaEqualsThePaperAndItsGradientIsThatOfTheTransform) {
  at::manual_seed(3);
  for (const Granularity granularity : {Granularity::tensor, Granularity::channel}) {
    const at::Tensor w = leaf(at::randn({8, 4, 3, 3}));
    const at::Tensor q = make_weight_quantizer("dorefa")->quantize(w, {}, {3, granularity});
    const at::Tensor t = w.detach().tanh();
    const at::Tensor largest =
        granularity == Granularity::tensor ? t.abs().max() : t.abs().amax(at::IntArrayRef{1, 2, 3}, true);
    const at::Tensor u = t / (2 * largest) + 0.5;
    const at::Tensor expected = 2 * at::round(u * 7) / 7 - 1;
    EXPECT_LT((q - expected).abs().gt(1e-5).to(at::kFloat).mean().item<float>(), 0.01);
    const at::Tensor g = at::randn(w.sizes());
    const at::Tensor dw = torch::autograd::grad({q}, {w}, {g})[0];
    EXPECT_LT((dw - g * (1 - t * t) / largest).abs().max().item<float>(), 1e-4);
  }
}

TEST(WeightQuantizers, StatisticSchemesPassTheGradientThrough) {
  at::manual_seed(4);
  for (const char* name : {"sawb", "symmetric", "ternary"}) {
    const at::Tensor w = leaf(at::randn({8, 40}));
    const at::Tensor g = at::randn(w.sizes());
    const at::Tensor q = make_weight_quantizer(name)->quantize(w, {}, {2, Granularity::tensor});
    EXPECT_TRUE(at::equal(torch::autograd::grad({q}, {w}, {g})[0], g));
  }
}

// Rastegari et al. 2016: dw = dq (1 / n + alpha [|w| <= 1]).
TEST(WeightQuantizers, BinaryHasTheGradientOfXnorNet) {
  at::manual_seed(5);
  const at::Tensor w = leaf(at::randn({8, 40})), g = at::randn(w.sizes());
  const at::Tensor q = make_weight_quantizer("binary")->quantize(w, {}, {1, Granularity::channel});
  const at::Tensor alpha = w.detach().abs().mean(1, true);
  EXPECT_LT((q - at::sign(w.detach()) * alpha).abs().max().item<float>(), 1e-6);
  const at::Tensor expected = g * (1.0 / 40 + alpha * w.detach().abs().le(1));
  EXPECT_LT((torch::autograd::grad({q}, {w}, {g})[0] - expected).abs().max().item<float>(), 1e-6);
}

// Esser et al. 2020, equations 2 and 3, for one step and for one of each output.
TEST(WeightQuantizers, LsqEqualsTheComposedForm) {
  at::manual_seed(6);
  for (const Granularity granularity : {Granularity::tensor, Granularity::channel}) {
    const at::Tensor w = leaf(at::randn({6, 5, 3, 3}));
    const bool is_tensor = granularity == Granularity::tensor;
    const at::Tensor step = leaf(is_tensor ? at::scalar_tensor(0.4f) : at::rand({6}) * 0.5 + 0.1);
    const at::Tensor g = at::randn(w.sizes());
    const auto ours = torch::autograd::grad(
        {make_weight_quantizer("lsq")->quantize(w, step, {3, granularity})}, {w, step}, {g});
    const at::Tensor s = is_tensor ? step.detach() : step.detach().view({6, 1, 1, 1});
    const at::Tensor v = w.detach() / s;
    const at::Tensor inside = (v > -4).logical_and(v < 3);
    EXPECT_TRUE(at::equal(ours[0], g * inside));
    const at::Tensor share =
        at::where(v >= 3, at::full_like(v, 3.0), at::where(inside, at::round(v) - v, at::full_like(v, -4.0)));
    const double scale = 1.0 / std::sqrt((is_tensor ? 270.0 : 45.0) * 3);
    const at::Tensor expected =
        (is_tensor ? (g * share).sum() : (g * share).sum(at::IntArrayRef{1, 2, 3})) * scale;
    EXPECT_LT((ours[1] - expected).abs().max().item<float>(), 1e-5);
  }
}

}  // namespace
}  // namespace pact::train
