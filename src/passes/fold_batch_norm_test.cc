#include "passes/fold_batch_norm.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/random.h"
#include "graph/text.h"
#include "passes/lower/remove_unused.h"
#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact::passes {
namespace {

using graph::Network;
using graph::Op;
using graph::Tensor;

Network network_of(const std::string& lines) {
  Network network{graph::parse(R"(graph small
input x: f32[N,4,5,5]
param w: f32[4,2,3,3]
param b: f32[4]
param gamma: f32[4]
param beta: f32[4]
buffer m: f32[4]
buffer v: f32[4]
)" + lines + "output y\n",
                               "test"),
                  {}};
  Random random(7);
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    Tensor tensor = Tensor::zeros(value.type.dtype, value.type.shape);
    for (float& each : tensor.as<float>())
      each = static_cast<float>(random.uniform()) + (value.name == "v" ? 0.5f : -0.4f);
    network.tensors[value.name] = std::move(tensor);
  }
  return remove_unused(network);
}

int norms_in(const Network& network) {
  return static_cast<int>(std::ranges::count(network.graph.nodes(), Op::batch_norm, &graph::Node::op));
}

void expect_same_function(const Network& before, const Network& after) {
  graph::verify(after);
  const Tensor input = reference::random_input(before, 2, 5);
  const Tensor expected = reference::evaluate(before, input), found = reference::evaluate(after, input);
  for (size_t i = 0; i < expected.as<float>().size(); ++i)
    EXPECT_NEAR(expected.as<float>()[i], found.as<float>()[i], 1e-4);
}

TEST(FoldBatchNorm, ComputesTheSameWithAndWithoutABiasInGroups) {
  for (const char* operands : {"x, w", "x, w, b"}) {
    const Network before = network_of(
        fmt::format("c: f32[N,4,3,3] = conv2d({}) groups=2\n"
                    "n: f32[N,4,3,3] = batch_norm(c, gamma, beta, m, v)\ny: f32[N,4,3,3] = relu(n)\n",
                    operands));
    const Network after = fold_batch_norm(before);
    EXPECT_EQ(norms_in(after), 0);
    EXPECT_EQ(after.tensors.size(), 2u);  // weight and bias are all that is left
    expect_same_function(before, after);
  }
}

TEST(FoldBatchNorm, LeavesWhatHasNoLayerOfItsOwn) {
  // A norm behind a relu, one whose layer something else reads, and one behind quantized weights.
  for (const char* lines :
       {"r: f32[N,4,5,5] = relu(x)\ny: f32[N,4,5,5] = batch_norm(r, gamma, beta, m, v)\n",
        "c: f32[N,4,3,3] = conv2d(x, w) groups=2\nn: f32[N,4,3,3] = batch_norm(c, gamma, beta, m, v)\n"
        "y: f32[N,4,3,3] = add(c, n)\n",
        "q: f32[4,2,3,3] = quant(w) bits=4 grid=symmetric scheme=symmetric\n"
        "c: f32[N,4,3,3] = conv2d(x, q) groups=2\ny: f32[N,4,3,3] = batch_norm(c, gamma, beta, m, v)\n"}) {
    const Network before = network_of(lines);
    const Network after = fold_batch_norm(before);
    EXPECT_EQ(norms_in(after), 1);
    expect_same_function(before, after);
  }
}

}  // namespace
}  // namespace pact::passes
