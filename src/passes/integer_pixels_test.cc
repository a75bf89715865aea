#include "passes/integer_pixels.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "graph/text.h"
#include "passes/insert_quantizers.h"
#include "passes/lower/lower.h"
#include "passes/lower/remove_unused.h"
#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact::passes {
namespace {

using graph::Network;
using graph::Tensor;

Network network_of(const std::string& layer) {
  Network network{graph::parse(R"(graph small
input image: f32[N,3,5,5]
param w: f32[4,3,3,3]
param b: f32[4]
param gamma: f32[4]
param beta: f32[4]
buffer m: f32[4]
buffer v: f32[4]
pixels: f32[N,3,5,5] = normalize(image) mean=[123.675,116.28,103.53] std=[58.395,57.12,57.375]
)" + layer + "output y\n",
                               "test"),
                  {}};
  Random random(3);
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    Tensor tensor = Tensor::zeros(value.type.dtype, value.type.shape);
    for (float& each : tensor.as<float>())
      each = static_cast<float>(random.uniform()) + (value.name == "v" ? 1.0f : -0.4f);
    network.tensors[value.name] = std::move(tensor);
  }
  return remove_unused(network);
}

TEST(IntegerPixels, ComputesTheSameWithoutPaddingAndCanBeLowered) {
  for (const char* layer :
       {"y: f32[N,4,3,3] = conv2d(pixels, w)\n", "y: f32[N,4,3,3] = conv2d(pixels, w, b)\n",
        "c: f32[N,4,3,3] = conv2d(pixels, w)\ny: f32[N,4,3,3] = batch_norm(c, gamma, beta, m, v)\n"}) {
    const Network before = network_of(layer);
    const Network after = with_integer_pixels(before);
    graph::verify(after);
    const Tensor image = reference::random_input(before, 2, 5);
    const Tensor expected = reference::evaluate(before, image), found = reference::evaluate(after, image);
    for (size_t i = 0; i < expected.as<float>().size(); ++i)
      EXPECT_NEAR(expected.as<float>()[i], found.as<float>()[i], 1e-4) << layer;
    const Network lowered =
        lower(insert_quantizers(after, {.weights = 4, .activations = 4, .overrides = {}}));
    EXPECT_EQ(lowered.graph.value(lowered.graph.inputs()[0]).type.dtype, graph::DataType::u8) << layer;
  }
}

TEST(IntegerPixels, LeavesAloneWhatItCannotChange) {
  const Network read_twice = network_of("y: f32[N,3,5,5] = relu(pixels)\n");
  EXPECT_EQ(with_integer_pixels(read_twice).graph, read_twice.graph);
  const Network done = with_integer_pixels(network_of("y: f32[N,4,3,3] = conv2d(pixels, w)\n"));
  EXPECT_EQ(with_integer_pixels(done).graph, done.graph);
}

}  // namespace
}  // namespace pact::passes
