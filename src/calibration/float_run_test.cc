#include "calibration/float_run.h"

#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/error.h"
#include "base/random.h"
#include "graph/text.h"
#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact::calibration {
namespace {

using graph::Network;
using graph::Tensor;

Network small() {
  Network network{graph::parse(R"(graph small
input image: f32[N,3,8,8]
param stem.w: f32[6,3,3,3]
param gamma: f32[6]
param beta: f32[6]
buffer m: f32[6]
buffer v: f32[6]
param fc.w: f32[5,6]
param fc.b: f32[5]
pixels: f32[N,3,8,8] = normalize(image) mean=[120.0,110.0,100.0] std=[64.0,64.0,64.0]
stem: f32[N,6,4,4] = conv2d(pixels, stem.w) strides=[2,2] pads=[1,1,1,1]
norm: f32[N,6,4,4] = batch_norm(stem, gamma, beta, m, v)
active: f32[N,6,4,4] = relu(norm)
both: f32[N,6,4,4] = add(active, norm)
means: f32[N,6] = global_avg_pool(both)
scores: f32[N,5] = linear(means, fc.w, fc.b)
output scores
)",
                               "test"),
                  {}};
  Random random(2);
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    Tensor tensor = Tensor::zeros(value.type.dtype, value.type.shape);
    for (float& each : tensor.as<float>())
      each = static_cast<float>(random.uniform()) + (value.name == "v" ? 1.0f : -0.5f);
    network.tensors[value.name] = std::move(tensor);
  }
  return network;
}

TEST(FloatRun, HasTheBitsOfTheReferenceAtEveryNode) {
  const Network network = small();
  FloatRun run(network, {.isa = selected_isa(), .threads = 2, .max_batch = 3});
  for (const int64_t batch : {3, 2}) {
    const Tensor images = reference::random_input(network, batch, 4);
    const graph::Tensors expected = reference::evaluate_all(network, images);
    size_t seen = 0;
    run.run(images, [&](const graph::Node& node, const graph::Tensors& values) {
      EXPECT_EQ(values.at(node.name), expected.at(node.name)) << node.name;
      for (const graph::ValueId input : node.inputs)
        EXPECT_TRUE(values.contains(network.graph.value(input).name));
      ++seen;
    });
    EXPECT_EQ(seen, network.graph.nodes().size());
  }
}

TEST(FloatRun, RunsALayerAloneWithOtherWeights) {
  Network network = small();
  const graph::Node& layer = *network.graph.producer(*network.graph.find("scores"));
  Tensor weight = network.tensors.at("fc.w");
  for (float& each : weight.as<float>()) each *= 0.5f;
  engine::Engine alone =
      make_layer_engine(network, layer, weight, {.isa = selected_isa(), .threads = 1, .max_batch = 2});
  const Tensor x = Tensor::of({2, 6}, std::vector<float>(12, 1.0f));
  const Tensor y = alone.run(x);
  double sum = static_cast<double>(network.tensors.at("fc.b").as<float>()[0]);
  for (size_t i = 0; i < 6; ++i) sum += static_cast<double>(weight.as<float>()[i]);
  EXPECT_FLOAT_EQ(y.as<float>()[0], static_cast<float>(sum));
}

TEST(FloatRun, RefusesIntegers) {
  const Network network{graph::parse("graph g\ninput x: f32[N,2]\n"
                                     "y: u8[N,2] = quantize(x) bits=8 grid=unsigned step=0.5\noutput y\n",
                                     "test"),
                        {}};
  EXPECT_THROW(FloatRun(network, {}), Error);
}

}  // namespace
}  // namespace pact::calibration
