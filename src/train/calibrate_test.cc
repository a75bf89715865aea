// Where activation quantizers start: of a batch of sparse activations, as behind a ReLU, and of signed ones.
#include "train/calibrate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <vector>

#include "graph/text.h"
#include "quant/activations.h"

namespace pact::train {
namespace {

constexpr const char* kGraph = R"(graph sparse
input image: f32[N,1,8,8]
param q.number: f32[]
q: f32[N,1,8,8] = quant(image, q.number) bits=2 grid=unsigned scheme={}
output q
)";

// Mostly zeros, the rest far from them.
at::Tensor sparse_batch() {
  at::manual_seed(7);
  return at::randn({4, 1, 8, 8}).sub_(1.0).clamp_min_(0.0).mul_(5.0);
}

float started(const std::string& scheme, const at::Tensor& batch, Calibrated which) {
  const graph::Graph graph = graph::parse(fmt::format(kGraph, scheme), "sparse");
  Parameters parameters{{"q.number", at::scalar_tensor(-1.0)}};
  calibrate(Executor(graph, parameters), parameters, batch, Mode::evaluate, which);
  return parameters.at("q.number").item<float>();
}

double squared_error(const at::Tensor& batch, float step) {
  return at::fake_quantize_per_tensor_affine(batch, step, 0, 0, 3).sub_(batch).square_().sum().item<double>();
}

TEST(Calibrate, StepsFromDataAreThoseOfLevels) {
  const at::Tensor batch = sparse_batch();
  const float alpha = started("pact", batch, Calibrated::all), step = started("lsq", batch, Calibrated::all);
  EXPECT_FLOAT_EQ(step, alpha / 3);
  for (const float factor : {0.8f, 1.25f})
    EXPECT_LE(squared_error(batch, step), squared_error(batch, factor * step));
}

TEST(Calibrate, StepsAloneStartAsInTheirPaper) {
  const at::Tensor batch = sparse_batch();
  const float step = started("lsq", batch, Calibrated::steps);
  EXPECT_NEAR(step, 2 * batch.mean().item<float>() / std::sqrt(3.0f), 1e-5f);
  EXPECT_GT(squared_error(batch, step), squared_error(batch, started("lsq", batch, Calibrated::all)));
  EXPECT_EQ(started("pact", batch, Calibrated::steps), -1.0f);  // has a start of its own
}

// Two channels, of both signs, the second one four times as wide.
constexpr const char* kSigned = R"(graph both_signs
input image: f32[N,2,8,8]
param q.number: f32[{0}]
q: f32[N,2,8,8] = quant(image, q.number) bits=3 grid={1} granularity={2} scheme={3}
output q
)";

at::Tensor signed_batch() {
  at::manual_seed(8);
  return at::randn({4, 8, 8, 2}) * at::tensor({1.0f, 4.0f});
}

struct SignedCase {
  quant::ActivationScheme scheme;
  std::string_view grid, granularity;
};

std::vector<float> started(const SignedCase& c, const at::Tensor& batch) {
  const bool is_channel = c.granularity == "channel";
  const graph::Graph graph = graph::parse(fmt::format(kSigned, is_channel ? "2" : "", c.grid, c.granularity,
                                                      entry_of(c.scheme).name),
                                          "both_signs");
  Parameters parameters{{"q.number", is_channel ? at::full({2}, -1.0) : at::scalar_tensor(-1.0)}};
  calibrate(Executor(graph, parameters), parameters, batch, Mode::evaluate);
  const at::Tensor number = parameters.at("q.number").flatten();
  return {number.data_ptr<float>(), number.data_ptr<float>() + number.numel()};
}

double squared_error(const at::Tensor& values, const quant::Grid& grid) {
  double sum = 0;
  for (const float x : std::span(values.data_ptr<float>(), static_cast<size_t>(values.numel()))) {
    const double d = static_cast<double>(x - grid.value_of(grid.code_of(x)));
    sum += d * d;
  }
  return sum;
}

TEST(Calibrate, SignedGridsAndChannelsStartAtTheLeastError) {
  const at::Tensor batch = signed_batch();
  using quant::ActivationScheme;
  for (const SignedCase& c : {SignedCase{ActivationScheme::pact, "symmetric", "tensor"},
                              SignedCase{ActivationScheme::pact, "symmetric", "channel"},
                              SignedCase{ActivationScheme::lsq, "signed", "tensor"},
                              SignedCase{ActivationScheme::lsq, "signed", "channel"}}) {
    SCOPED_TRACE(fmt::format("{} {} {}", entry_of(c.scheme).name, c.grid, c.granularity));
    const std::vector<float> numbers = started(c, batch);
    const quant::Grid form{quant::grid_kind_of(c.grid), 3};
    for (size_t i = 0; i < numbers.size(); ++i) {
      const at::Tensor shares = numbers.size() > 1 ? batch.select(3, static_cast<int64_t>(i)) : batch;
      const at::Tensor values = shares.contiguous();
      const auto error_at = [&](float number) {
        return squared_error(values, activation_grid(c.scheme, form, number));
      };
      for (const float factor : {0.8f, 1.25f}) EXPECT_LE(error_at(numbers[i]), error_at(factor * numbers[i]));
    }
    if (numbers.size() > 1) {
      EXPECT_NEAR(numbers[1] / numbers[0], 4.0f, 1.5f);
    }
  }
}

// A step is what a level of the same error makes of the grid, for each channel of its own.
TEST(Calibrate, SignedStepsAreThoseOfLevels) {
  const at::Tensor batch = signed_batch();
  const std::vector<float> steps = started({quant::ActivationScheme::lsq, "signed", "channel"}, batch);
  const std::vector<float> levels = started({quant::ActivationScheme::pact, "signed", "channel"}, batch);
  ASSERT_EQ(steps.size(), 2u);
  for (size_t c = 0; c < 2; ++c) EXPECT_FLOAT_EQ(steps[c], levels[c] / 3);  // 3 bits: codes up to 3
}

TEST(Calibrate, LeavesRunningStatisticsAlone) {
  const graph::Graph graph = graph::parse(R"(graph normalized
input image: f32[N,1,8,8]
param bn.weight: f32[1]
param bn.bias: f32[1]
param q.number: f32[]
buffer bn.running_mean: f32[1]
buffer bn.running_var: f32[1]
bn: f32[N,1,8,8] = batch_norm(image, bn.weight, bn.bias, bn.running_mean, bn.running_var)
relu: f32[N,1,8,8] = relu(bn)
q: f32[N,1,8,8] = quant(relu, q.number) bits=2 grid=unsigned scheme=pact
output q
)",
                                          "normalized");
  Parameters parameters{{"bn.weight", at::ones({1})},       {"bn.bias", at::zeros({1})},
                        {"bn.running_mean", at::full({1}, 100.0)}, {"bn.running_var", at::full({1}, 7.0)},
                        {"q.number", at::scalar_tensor(-1.0)}};
  calibrate(Executor(graph, parameters), parameters, sparse_batch().view({4, 8, 8, 1}), Mode::train);
  EXPECT_EQ(parameters.at("bn.running_mean").item<float>(), 100.0f);
  EXPECT_EQ(parameters.at("bn.running_var").item<float>(), 7.0f);
  // It was the statistics of the batch that normalized it: behind the running ones nothing is left.
  EXPECT_GT(parameters.at("q.number").item<float>(), 0.5f);
}

}  // namespace
}  // namespace pact::train
