#include "passes/coded_shortcuts.h"

#include <gtest/gtest.h>

#include "base/caught.h"
#include "graph/text.h"
#include "passes/insert_quantizers.h"

namespace pact::passes {
namespace {

// Two blocks as the CIFAR networks have them, with and without a change of shape, and one with a projection.
constexpr const char* kBlocks = R"(graph blocks
input image: f32[N,4,8,8]
param a.weight: f32[4,4,3,3]
param b.weight: f32[4,4,3,3]
param c.weight: f32[8,4,3,3]
param d.weight: f32[4,8,3,3]
param p.weight: f32[4,8,1,1]
param fc.weight: f32[10,4]
x: f32[N,4,8,8] = relu(image)
a: f32[N,4,8,8] = conv2d(x, a.weight) pads=[1,1,1,1]
sum1: f32[N,4,8,8] = add(a, x)
y: f32[N,4,8,8] = relu(sum1)
narrow: f32[N,4,4,4] = slice(y) begin=[0,0,0] end=[4,8,8] step=[1,2,2]
wide: f32[N,8,4,4] = pad(narrow) after=[2,0,0] before=[2,0,0]
b: f32[N,4,8,8] = conv2d(y, b.weight) pads=[1,1,1,1]
c: f32[N,8,4,4] = conv2d(b, c.weight) pads=[1,1,1,1] strides=[2,2]
sum2: f32[N,8,4,4] = add(wide, c)
z: f32[N,8,4,4] = relu(sum2)
d: f32[N,4,4,4] = conv2d(z, d.weight) pads=[1,1,1,1]
p: f32[N,4,4,4] = conv2d(z, p.weight)
sum3: f32[N,4,4,4] = add(d, p)
pool: f32[N,4] = global_avg_pool(sum3)
fc: f32[N,10] = linear(pool, fc.weight)
output fc
)";

graph::Network network_of(const std::string& text) {
  graph::Network network{graph::parse(text, "test"), {}};
  for (const graph::Value& value : network.graph.values())
    if (value.kind == graph::ValueKind::parameter)
      network.tensors[value.name] = graph::Tensor::zeros(value.type.dtype, value.type.shape);
  return network;
}

BitPolicy policy(std::vector<BitOverride> overrides = {}) {
  return {.weights = 4, .activations = 4, .shortcuts = Shortcuts::codes, .overrides = std::move(overrides)};
}

std::string line_of(const graph::Network& network, const std::string& name) {
  const std::string text = graph::print(network.graph);
  const size_t at = text.find("\n" + name + ":");
  return at == std::string::npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(CodedShortcuts, AdditionsReadWhatTheFirstLayerOfTheirBlockReads) {
  const graph::Network network = insert_quantizers(network_of(kBlocks), policy());
  graph::verify(network);
  EXPECT_TRUE(contains(line_of(network, "sum1"), "add(a, a.input_quant)")) << graph::print(network.graph);
  // A slice and a pad in between pick from the codes, although they stood before the quantizer.
  EXPECT_TRUE(contains(line_of(network, "narrow"), "slice(b.input_quant)"));
  EXPECT_TRUE(contains(line_of(network, "wide"), "pad(narrow)"));
  EXPECT_TRUE(contains(line_of(network, "sum2"), "add(wide, c)"));
  // A shortcut with a layer of its own stays.
  EXPECT_TRUE(contains(line_of(network, "sum3"), "add(d, p)"));
}

TEST(CodedShortcuts, AreAChoiceAndAddNoNode) {
  const graph::Network real =
      insert_quantizers(network_of(kBlocks), {.weights = 4, .activations = 4, .overrides = {}});
  EXPECT_TRUE(contains(line_of(real, "sum1"), "add(a, x)"));
  EXPECT_TRUE(contains(line_of(real, "narrow"), "slice(y)"));
  const graph::Network coded = with_coded_shortcuts(real);
  EXPECT_EQ(coded.graph.nodes().size(), real.graph.nodes().size());
  EXPECT_EQ(coded.graph, insert_quantizers(network_of(kBlocks), policy()).graph);
  EXPECT_TRUE(coded.tensors == real.tensors);
  EXPECT_EQ(with_coded_shortcuts(coded).graph, coded.graph);
  EXPECT_EQ(with_coded_shortcuts(network_of(kBlocks)).graph, network_of(kBlocks).graph);
}

TEST(CodedShortcuts, OfSeveralQuantizersTheOneOfMostBitsOrTheFirst) {
  // `other` reads x with bits of its own.
  std::string text = replaced(kBlocks, "param fc", "param other.weight: f32[4,4,1,1]\nparam fc");
  text = replaced(text, "sum1: f32[N,4,8,8] = add(a, x)", R"(other: f32[N,4,8,8] = conv2d(x, other.weight)
both: f32[N,4,8,8] = add(a, other)
sum1: f32[N,4,8,8] = add(both, x))");
  const auto operand_with = [&](const char* bits) {
    return line_of(insert_quantizers(network_of(text), policy({parse_bit_override(bits)})), "sum1");
  };
  EXPECT_TRUE(contains(operand_with("other=a6"), "add(both, other.input_quant)"));
  EXPECT_TRUE(contains(operand_with("other=a3"), "add(both, a.input_quant)"));
  EXPECT_TRUE(contains(operand_with("other=a4"), "add(both, a.input_quant)"));
  // Where the block's layers stay float there are no codes.
  EXPECT_TRUE(contains(operand_with("*=a32"), "add(both, x)"));
}

TEST(CodedShortcuts, OthersStayReal) {
  const auto coded = [](const std::string& from, const std::string& to) {
    return insert_quantizers(network_of(replaced(kBlocks, from, to)), policy());
  };
  // As in pre-activation networks: what the layer reads is computed from the shortcut, not the shortcut
  // itself.
  EXPECT_TRUE(contains(line_of(coded("a: f32[N,4,8,8] = conv2d(x,",
                                     "active: f32[N,4,8,8] = relu(x)\na: f32[N,4,8,8] = conv2d(active,"),
                               "sum1"),
                       "add(a, x)"));
  // A value that is added before a layer reads it closes no block.
  const graph::Network later =
      coded("sum1: f32[N,4,8,8] = add(a, x)",
            "early: f32[N,4,8,8] = add(x, image)\nsum1: f32[N,4,8,8] = add(a, early)");
  EXPECT_TRUE(contains(line_of(later, "early"), "add(x, image)")) << graph::print(later.graph);
  // Somebody else reads the slice.
  const graph::Network shared = coded("output fc", "output narrow\noutput fc");
  EXPECT_TRUE(contains(line_of(shared, "narrow"), "slice(y)"));
  EXPECT_TRUE(contains(line_of(shared, "sum2"), "add(wide, c)"));
}

TEST(CodedShortcuts, NamesGoBothWays) {
  for (const std::string& name : shortcuts_names()) EXPECT_EQ(name_of(shortcuts_of(name)), name);
  EXPECT_TRUE(contains(caught([] { shortcuts_of("code"); }), "did you mean 'codes'"));
}

}  // namespace
}  // namespace pact::passes
