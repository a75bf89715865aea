#include "train/optimizer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/text.h"
#include "passes/insert_quantizers.h"

namespace pact::train {
namespace {

graph::Graph small_graph(const std::string& scheme = "pact") {
  return graph::parse(fmt::format(R"(graph small
input image: f32[N,1,2,2]
param conv.weight: f32[1,1,1,1]
param bn.gamma: f32[1]
param bn.beta: f32[1]
buffer bn.running_mean: f32[1]
buffer bn.running_var: f32[1]
param q.alpha: f32[]
param fc.weight: f32[2,4]
param fc.bias: f32[2]
conv: f32[N,1,2,2] = conv2d(image, conv.weight)
bn: f32[N,1,2,2] = batch_norm(conv, bn.gamma, bn.beta, bn.running_mean, bn.running_var)
relu: f32[N,1,2,2] = relu(bn)
q: f32[N,1,2,2] = quant(relu, q.alpha) bits=4 grid=unsigned scheme={}
flat: f32[N,4] = flatten(q)
fc: f32[N,2] = linear(flat, fc.weight, fc.bias)
output fc
)",
                                  scheme),
                      "small");
}

TEST(Optimizer, GroupsFollowTheRoleOfAParameter) {
  Settings s;
  s.weight_decay = 5e-4, s.alpha_decay = 1e-3, s.alpha_rate = 0.5;
  const auto groups = parameter_groups(small_graph(), s);
  EXPECT_EQ(groups.at("conv.weight").decay, 5e-4);
  EXPECT_EQ(groups.at("fc.weight").decay, 5e-4);
  for (const char* name : {"bn.gamma", "bn.beta", "fc.bias"}) EXPECT_EQ(groups.at(name).decay, 0.0) << name;
  // d(lambda alpha^2) / d alpha = 2 lambda alpha
  EXPECT_EQ(groups.at("q.alpha").decay, 2e-3);
  EXPECT_EQ(groups.at("q.alpha").rate, 0.5);
}

TEST(Optimizer, LearnedStepsHaveAGroupOfTheirOwn) {
  Settings s;
  s.weight_decay = 5e-4, s.step_decay = 1e-5, s.step_rate = 0.25;
  const auto groups = parameter_groups(small_graph("lsq"), s);
  EXPECT_EQ(groups.at("q.alpha").rate, 0.25);
  EXPECT_EQ(groups.at("q.alpha").decay, 1e-5);
  EXPECT_GT(groups.at("q.alpha").least, 0.0);
  EXPECT_LT(groups.at("q.alpha").least, 1e-5);
}

Parameters one_parameter(float value) {
  Parameters p;
  for (const char* name : {"conv.weight"}) p[name] = at::full({1, 1, 1, 1}, value).set_requires_grad(true);
  return p;
}

TEST(Optimizer, SgdFollowsItsRecurrence) {
  Settings s;
  s.weight_decay = 0.1, s.momentum = 0.9;
  Parameters p = one_parameter(2.0f);
  auto optimizer = make_optimizer(small_graph(), p, s);
  double w = 2, v = 0;
  for (int step = 0; step < 5; ++step) {
    p.at("conv.weight").mutable_grad() = at::full({1, 1, 1, 1}, 0.3f);
    optimizer->step(0.1);
    v = 0.9 * v + 0.3 + 0.1 * w;
    w -= 0.1 * v;
    EXPECT_NEAR(p.at("conv.weight").item<double>(), w, 1e-6);
  }
}

TEST(Optimizer, AdamFollowsItsRecurrence) {
  Settings s;
  s.optimizer = "adam", s.weight_decay = 0, s.adam_epsilon = 1e-5;
  Parameters p = one_parameter(1.0f);
  auto optimizer = make_optimizer(small_graph(), p, s);
  double w = 1, m = 0, v = 0;
  for (int step = 1; step <= 5; ++step) {
    const double g = 0.2 * step;
    p.at("conv.weight").mutable_grad() = at::full({1, 1, 1, 1}, g);
    optimizer->step(0.01);
    m = 0.9 * m + 0.1 * g, v = 0.999 * v + 0.001 * g * g;
    w -= 0.01 * (m / (1 - std::pow(0.9, step))) / (std::sqrt(v / (1 - std::pow(0.999, step))) + 1e-5);
    EXPECT_NEAR(p.at("conv.weight").item<double>(), w, 1e-5);
  }
}

TEST(Optimizer, AlphaStaysPositive) {
  Settings s;
  Parameters p;
  p["q.alpha"] = at::scalar_tensor(0.5f).set_requires_grad(true);
  auto optimizer = make_optimizer(small_graph(), p, s);
  p.at("q.alpha").mutable_grad() = at::scalar_tensor(1000.0f);
  optimizer->step(1.0);
  EXPECT_GT(p.at("q.alpha").item<float>(), 0.0f);
}

}  // namespace
}  // namespace pact::train
