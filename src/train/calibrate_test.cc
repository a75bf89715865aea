// Where activation quantizers start: of a batch of sparse activations, as behind a ReLU.
#include "train/calibrate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

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

}  // namespace
}  // namespace pact::train
