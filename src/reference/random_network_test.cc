#include "reference/random_network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/caught.h"
#include "graph/text.h"
#include "reference/evaluate.h"

namespace pact::reference {
namespace {

using graph::DataType;
using graph::Op;

constexpr uint64_t kSeeds = 300;

TEST(RandomNetwork, IsSoundAndEndsInOneRealOutput) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const graph::Network network = random_integer_network(seed);
    ASSERT_NO_THROW(graph::verify(network)) << seed;
    ASSERT_EQ(network.graph.inputs().size(), 1u);
    const graph::TensorType image = network.graph.value(network.graph.inputs()[0]).type;
    EXPECT_EQ(image.dtype, DataType::u8);
    EXPECT_TRUE(image.shape[1] <= 40 && image.shape[2] <= 19 && image.shape[3] <= 19) << to_string(image);
    ASSERT_EQ(network.graph.outputs().size(), 1u);
    EXPECT_EQ(network.graph.value(network.graph.outputs()[0]).type.dtype, DataType::f32);
  }
}

TEST(RandomNetwork, IsAFunctionOfTheSeed) {
  std::set<std::string> texts;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const graph::Network network = random_integer_network(seed), again = random_integer_network(seed);
    EXPECT_EQ(network.graph, again.graph);
    EXPECT_EQ(network.tensors, again.tensors);
    EXPECT_EQ(random_input(network, 2, seed), random_input(again, 2, seed));
    texts.insert(graph::print(network.graph));
  }
  EXPECT_EQ(texts.size(), 20u);
}

TEST(RandomNetwork, EvaluatesToFiniteNumbersThatDependOnTheInput) {
  size_t varied = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const graph::Network network = random_integer_network(seed);
    const graph::Tensor input = random_input(network, 2, seed), other = random_input(network, 2, seed + 1);
    const graph::Tensor output = evaluate(network, input);
    for (const float z : output.as<float>()) ASSERT_TRUE(std::isfinite(z)) << seed;
    if (output != evaluate(network, other)) ++varied;
  }
  EXPECT_GT(varied, kSeeds * 2 / 3);
}

TEST(RandomFixedNetwork, HasIntegersBetweenTheLayersAndNumbersThatDependOnTheInput) {
  constexpr uint64_t kFixedSeeds = 150;
  size_t varied = 0;
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < kFixedSeeds; ++seed) {
    const graph::Network network = random_fixed_network(seed);
    ASSERT_NO_THROW(graph::verify(network)) << seed;
    const graph::ValueId output = network.graph.outputs()[0];
    for (const graph::Node& node : network.graph.nodes()) {
      const DataType type = network.graph.value(node.output).type.dtype;
      EXPECT_TRUE(type != DataType::f32 || node.output == output) << seed << " " << node.name;
      seen.insert(fmt::format("{} {}", name_of(node.op), name_of(type)));
      if (node.op != Op::fixed_rescale && node.op != Op::fixed_requantize) continue;
      const int64_t numbers = network.graph.value(node.inputs[1]).type.shape[0];
      seen.insert(fmt::format("{} of {}, {}", name_of(node.op),
                              name_of(network.graph.value(node.inputs[0]).type.dtype),
                              numbers == 1 ? "one" : "each"));
    }
    const graph::Tensor input = random_input(network, 2, seed), other = random_input(network, 2, seed + 1);
    if (evaluate(network, input) != evaluate(network, other)) ++varied;
  }
  EXPECT_GT(varied, kFixedSeeds * 2 / 3);
  for (const char* what :
       {"fixed_rescale of i32, each", "fixed_rescale of u8, one", "fixed_rescale of i8, one",
        "fixed_rescale of i32, one", "fixed_requantize of i32, each", "fixed_requantize of i32, one",
        "fixed_requantize u8", "fixed_requantize i8", "add i32", "relu i32", "sum_pool i32", "max_pool i32",
        "max_pool u8", "max_pool i8", "flatten i32", "flatten u8", "slice i32", "slice u8", "pad i32",
        "pad u8", "rescale f32", "integer_linear i32"})
    EXPECT_TRUE(seen.contains(what)) << what;
}

// What the engine is compared on: every op, weight grid and bit width, and the less usual forms.
TEST(RandomNetwork, CoversWhatAnEngineMustDo) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const graph::Network network = random_integer_network(seed);
    for (const graph::Node& node : network.graph.nodes()) {
      seen.insert(std::string(name_of(node.op)));
      if (node.op == Op::quantize)
        seen.insert(fmt::format("codes {}{}", node.word("grid"), node.integer("bits")));
      if (node.op == Op::integer_conv2d || node.op == Op::integer_linear)
        seen.insert(fmt::format("weights {}{}", node.word("weight_grid"), node.integer("weight_bits")));
      if (node.op != Op::integer_conv2d) continue;
      const auto &pads = node.integers("pads"), &zero = node.integers("input_zero");
      const int64_t channels = network.graph.value(node.inputs[0]).type.shape[1];
      if (pads[0] != pads[2]) seen.insert("lopsided");
      if (node.integer("groups") == channels && channels > 1) seen.insert("depthwise");
      if (node.integer("groups") > 1 && node.integer("groups") < channels) seen.insert("grouped");
      if (node.integers("dilations")[0] == 2) seen.insert("dilated");
      if (!zero.empty()) seen.insert("zero");
      seen.insert(fmt::format("stride {}", node.integers("strides")[0]));
      seen.insert(fmt::format("kernel {}", network.graph.value(node.inputs[1]).type.shape[2]));
    }
  }
  std::set<std::string> wanted{"lopsided", "depthwise", "grouped", "dilated", "zero", "stride 1", "stride 2",
                               "stride 3", "kernel 1", "kernel 2", "kernel 3", "kernel 4", "kernel 5"};
#define PACT_OP(name) wanted.insert(#name);
#include "graph/ops.inc"
#undef PACT_OP
  for (const char* other : {"normalize", "quant", "fixed_requantize", "fixed_rescale", "sum_pool"})
    wanted.erase(other);
  for (int bits = 1; bits <= 8; ++bits) {
    for (const char* kind : {"codes unsigned", "weights unsigned", "weights odd"})
      wanted.insert(fmt::format("{}{}", kind, bits));
    if (bits > 1)
      for (const char* kind : {"codes symmetric", "codes signed", "weights symmetric", "weights signed"})
        wanted.insert(fmt::format("{}{}", kind, bits));
  }
  for (const std::string& what : wanted) EXPECT_TRUE(seen.contains(what)) << what;
}

TEST(RandomInput, HasExtremePixelsNowAndThen) {
  const graph::Network network{graph::parse("graph g\ninput x: f32[N,64]\ny: f32[N,64] = relu(x)\noutput y\n",
                                            "test"),
                               {}};
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const graph::Tensor input = random_input(network, 3, seed);
    EXPECT_EQ(input.shape, (graph::Shape{3, 64}));
    const auto pixels = input.as<float>();
    const std::set<float> levels(pixels.begin(), pixels.end());
    if (levels == std::set<float>{0}) seen.insert("black");
    if (levels == std::set<float>{255}) seen.insert("white");
    if (levels == std::set<float>{0, 255}) seen.insert("both");
    if (levels.size() > 50) seen.insert("any");
    EXPECT_TRUE(*levels.begin() >= 0 && *levels.rbegin() <= 255);
  }
  EXPECT_EQ(seen.size(), 4u);
}

}  // namespace
}  // namespace pact::reference
