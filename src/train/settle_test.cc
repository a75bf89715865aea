#include "train/settle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "graph/text.h"
#include "train/executor.h"

namespace pact::train {
namespace {

// Without settling, an alpha of 10 and statistics of (0, 1) would leave the second activation dead or
// saturated.
graph::Network untrained() {
  graph::Network network{graph::parse(R"(graph small
input image: f32[N,3,8,8]
param conv.weight: f32[4,3,3,3]
param bn.weight: f32[4]
param bn.bias: f32[4]
param q.alpha: f32[]
buffer bn.running_mean: f32[4]
buffer bn.running_var: f32[4]
pixels: f32[N,3,8,8] = normalize(image) mean=[128.0,128.0,128.0] std=[64.0,64.0,64.0]
conv: f32[N,4,8,8] = conv2d(pixels, conv.weight) pads=[1,1,1,1]
bn: f32[N,4,8,8] = batch_norm(conv, bn.weight, bn.bias, bn.running_mean, bn.running_var)
relu: f32[N,4,8,8] = relu(bn)
q: f32[N,4,8,8] = quant(relu, q.alpha) bits=4 grid=unsigned scheme=pact
pool: f32[N,4] = global_avg_pool(q)
output pool
)",
                                      "test"),
                         {}};
  Random random(3);
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    graph::Tensor& tensor = network.tensors[value.name] =
        graph::Tensor::zeros(value.type.dtype, value.type.shape);
    const bool is_weight = value.name == "conv.weight";
    for (float& x : tensor.as<float>()) x = is_weight ? static_cast<float>(30 * random.normal()) : 1.0f;
  }
  network.tensors["q.alpha"].as<float>()[0] = 10.0f;
  return network;
}

TEST(Settle, GivesStatisticsAndLevelsOfTheBatch) {
  graph::Network network = untrained();
  std::vector<uint8_t> pixels(6 * 8 * 8 * 3);
  Random random(4);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.below(256));
  settle(network, pixels);

  const float alpha = network.tensors.at("q.alpha").as<float>()[0];
  EXPECT_GT(alpha, 1.0f);
  EXPECT_LT(alpha, 6.0f);
  // In evaluation, on running statistics, the batch norm now gives mean beta = 1 and deviation gamma = 1.
  const Parameters parameters = to_parameters(network);
  const Executor executor(network.graph, parameters);
  double mean = 0, count = 0;
  executor.run(at::from_blob(pixels.data(), {6, 8, 8, 3}, at::kByte),
               {.observer = [&](const graph::Node&, const at::Tensor& input) {
                 mean = input.mean().item<double>();
                 count = static_cast<double>(input.numel());
               }});
  EXPECT_EQ(count, 6 * 4 * 8 * 8);
  EXPECT_NEAR(mean, 1.083, 0.05);  // of max(x, 0) for x normal around 1 with deviation 1
  EXPECT_GT(network.tensors.at("bn.running_var").as<float>()[0], 100.0f);
}

}  // namespace
}  // namespace pact::train
