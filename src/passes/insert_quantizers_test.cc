#include "passes/insert_quantizers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/caught.h"
#include "graph/text.h"
#include "passes/layer_table.h"

namespace pact::passes {
namespace {

graph::Network two_branches() {
  graph::Network network{graph::parse(R"(graph branches
input image: f32[N,3,8,8]
param a.weight: f32[4,3,3,3]
param b.weight: f32[4,4,3,3]
param c.weight: f32[4,4,1,1]
param fc.weight: f32[10,4]
pixels: f32[N,3,8,8] = normalize(image) mean=[125.0,123.0,114.0] std=[64.0,64.0,64.0]
a: f32[N,4,8,8] = conv2d(pixels, a.weight) pads=[1,1,1,1]
relu: f32[N,4,8,8] = relu(a)
b: f32[N,4,8,8] = conv2d(relu, b.weight) pads=[1,1,1,1]
c: f32[N,4,8,8] = conv2d(relu, c.weight)
sum: f32[N,4,8,8] = add(b, c)
sum2: f32[N,4,8,8] = add(sum, relu)
relu2: f32[N,4,8,8] = relu(sum2)
pool: f32[N,4] = global_avg_pool(relu2)
fc: f32[N,10] = linear(pool, fc.weight)
output fc
)",
                                      "test"),
                         {}};
  for (const graph::Value& value : network.graph.values())
    if (value.kind == graph::ValueKind::parameter)
      network.tensors[value.name] = graph::Tensor::zeros(value.type.dtype, value.type.shape);
  return network;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

std::string line_of(const std::string& text, const std::string& start) {
  const size_t at = text.find("\n" + start);
  return at == std::string::npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

TEST(InsertQuantizers, PutsThemWhereLayersReadAndNowhereElse) {
  const graph::Network q =
      insert_quantizers(two_branches(), {.weights = 2, .activations = 3, .overrides = {}});
  graph::verify(q);
  const std::string text = graph::print(q.graph);
  // The first layer reads pixels as they are; its weights and the last layer have 8 bits.
  EXPECT_NE(line_of(text, "a:").find("conv2d(pixels, a.weight_quant)"), std::string::npos) << text;
  EXPECT_NE(line_of(text, "a.weight_quant:").find("bits=8"), std::string::npos);
  EXPECT_NE(line_of(text, "fc.weight_quant:").find("bits=8"), std::string::npos);
  EXPECT_NE(line_of(text, "fc.input_quant:").find("bits=8"), std::string::npos);
  // Two layers that read the same value share its quantizer; the addition reads it unquantized.
  EXPECT_NE(line_of(text, "b:").find("conv2d(b.input_quant, b.weight_quant)"), std::string::npos) << text;
  EXPECT_NE(line_of(text, "c:").find("conv2d(b.input_quant, c.weight_quant)"), std::string::npos);
  EXPECT_NE(line_of(text, "b.input_quant:").find("bits=3"), std::string::npos);
  EXPECT_NE(line_of(text, "sum2:").find("add(sum, relu)"), std::string::npos);
  EXPECT_EQ(q.tensors.at("b.input_quant.alpha").as<float>()[0], 10.0f);
}

// A linear bottleneck: c reads what no ReLU has cut, d a sum of such a value and one behind a ReLU, e a sum
// of two behind ReLUs.
graph::Network bottleneck() {
  graph::Network network{graph::parse(R"(graph bottleneck
input image: f32[N,3,4,4]
param a.weight: f32[4,3,1,1]
param b.weight: f32[4,4,1,1]
param c.weight: f32[4,4,1,1]
param d.weight: f32[4,4,1,1]
param e.weight: f32[4,4,1,1]
a: f32[N,4,4,4] = conv2d(image, a.weight)
relu: f32[N,4,4,4] = relu(a)
b: f32[N,4,4,4] = conv2d(relu, b.weight)
c: f32[N,4,4,4] = conv2d(b, c.weight)
relu6: f32[N,4,4,4] = clip(c) high=6.0 low=0.0
mixed: f32[N,4,4,4] = add(relu6, b)
d: f32[N,4,4,4] = conv2d(mixed, d.weight)
positive: f32[N,4,4,4] = add(relu6, relu)
e: f32[N,4,4,4] = conv2d(positive, e.weight)
sum: f32[N,4,4,4] = add(d, e)
output sum
)",
                                      "test"),
                         {}};
  for (const graph::Value& value : network.graph.values())
    if (value.kind == graph::ValueKind::parameter)
      network.tensors[value.name] = graph::Tensor::zeros(value.type.dtype, value.type.shape);
  return network;
}

TEST(InsertQuantizers, GridsAreSignedWhereNoReluStandsBefore) {
  const graph::Network q = insert_quantizers(bottleneck(), {.weights = 4, .activations = 4, .overrides = {}});
  graph::verify(q);
  const std::string text = graph::print(q.graph);
  for (const auto& [layer, grid] : {std::pair<std::string, std::string>{"b", "unsigned"},
                                    {"c", "symmetric"},
                                    {"d", "symmetric"},
                                    {"e", "unsigned"}})
    EXPECT_NE(line_of(text, layer + ".input_quant:").find("grid=" + grid), std::string::npos) << text;
  EXPECT_NE(line_of(text, "a.input_quant:").find("grid=symmetric"), std::string::npos);  // raw numbers
  EXPECT_EQ(q.tensors.at("c.input_quant.alpha").as<float>()[0], 10.0f);
}

TEST(InsertQuantizers, OneBitHasNoSignedGrid) {
  const BitPolicy one{.weights = 1, .activations = 1, .overrides = {}};
  const std::string refusal = caught([&] { insert_quantizers(bottleneck(), one); });
  EXPECT_NE(refusal.find("the input of a has values of both signs"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("'a=a2'"), std::string::npos) << refusal;
  BitPolicy mended = one;
  for (const char* text : {"a=a8", "c=a2", "d=a2"}) mended.overrides.push_back(parse_bit_override(text));
  const std::string text = graph::print(insert_quantizers(bottleneck(), mended).graph);
  EXPECT_NE(line_of(text, "c.input_quant:").find("bits=2 grid=symmetric"), std::string::npos) << text;
  EXPECT_NE(line_of(text, "b.input_quant:").find("bits=1 grid=unsigned"), std::string::npos) << text;
}

TEST(InsertQuantizers, OverridesByPatternAndTheLastOneWins) {
  const graph::Network q = insert_quantizers(
      two_branches(), {.weights = 2,
                       .activations = 2,
                       .overrides = {parse_bit_override("*=w4"), parse_bit_override("c=w32a32"),
                                     parse_bit_override("a=w3")}});
  const LayerTable table = make_layer_table(q.graph);
  std::map<std::string, std::pair<int, int>> bits;
  for (const LayerRow& row : table.rows) bits[row.name] = {row.weight_bits, row.activation_bits};
  EXPECT_EQ(bits.at("a"), std::pair(3, 8));
  EXPECT_EQ(bits.at("b"), std::pair(4, 2));
  EXPECT_EQ(bits.at("c"), std::pair(32, 32));
  EXPECT_EQ(bits.at("fc"), std::pair(4, 8));
}

TEST(InsertQuantizers, LeavesAFloatNetworkAlone) {
  const graph::Network network = two_branches();
  EXPECT_EQ(graph::print(insert_quantizers(network, BitPolicy{}).graph), graph::print(network.graph));
}

TEST(InsertQuantizers, DorefaNeedsNoParameter) {
  const graph::Network q = insert_quantizers(
      two_branches(), {.weights = 4, .activations = 4, .activation_scheme = "dorefa", .overrides = {}});
  for (const auto& [name, tensor] : q.tensors) EXPECT_FALSE(name.ends_with(".alpha")) << name;
}

TEST(InsertQuantizers, StepsHaveTheShapeOfTheirGranularityAndStartFromTheWeights) {
  graph::Network network = two_branches();
  // 2 E|w| / sqrt(Qp): of output 1 twice as much as of the others.
  const std::span<float> weights = network.tensors.at("b.weight").as<float>();
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = i / 36 == 1 ? -1.0f : 0.5f;
  const graph::Network q = insert_quantizers(network, {.weights = 3,
                                                       .activations = 3,
                                                       .weight_scheme = "lsq",
                                                       .activation_scheme = "lsq",
                                                       .weight_granularity = quant::Granularity::channel,
                                                       .overrides = {}});
  graph::verify(q);
  const graph::Tensor& steps = q.tensors.at("b.weight_quant.step");
  const float one = 2 * 0.5f / std::sqrt(3.0f);
  ASSERT_EQ(steps.shape, graph::Shape{4});
  for (size_t o = 0; o < 4; ++o) EXPECT_FLOAT_EQ(steps.as<float>()[o], o == 1 ? 2 * one : one);
  EXPECT_EQ(q.tensors.at("b.input_quant.step").shape, graph::Shape{});
  EXPECT_FLOAT_EQ(q.tensors.at("b.input_quant.step").as<float>()[0], 10.0f / 7);
  const std::string text = graph::print(q.graph);
  EXPECT_NE(line_of(text, "b.weight_quant:").find("granularity=channel grid=signed scheme=lsq"),
            std::string::npos)
      << text;
  EXPECT_EQ(line_of(text, "b.input_quant:").find("granularity"), std::string::npos) << text;
}

TEST(InsertQuantizers, AnotherSchemeStandsInForBitsThatOneLacks) {
  const graph::Network q = insert_quantizers(
      two_branches(), {.weights = 2, .activations = 2, .weight_scheme = "ternary", .overrides = {}});
  const LayerTable table = make_layer_table(q.graph);
  for (const LayerRow& row : table.rows)
    EXPECT_EQ(row.weight_scheme, row.name == "a" || row.name == "fc" ? "symmetric" : "ternary") << row.name;
}

TEST(InsertQuantizers, InputsThatMayBeNegativeGetTheSignedGridOfTheirScheme) {
  graph::Network network = two_branches();
  network.graph = graph::parse(
      replaced(graph::print(network.graph), "conv2d(relu, c.weight)", "conv2d(a, c.weight)"), "test");
  for (const auto& [scheme, grid] : {std::pair("pact", "symmetric"), std::pair("lsq", "signed")}) {
    const graph::Network q = insert_quantizers(
        network, {.weights = 4, .activations = 4, .activation_scheme = scheme, .overrides = {}});
    const std::string text = graph::print(q.graph);
    EXPECT_NE(line_of(text, "c.input_quant:").find(fmt::format("grid={}", grid)), std::string::npos) << text;
    EXPECT_NE(line_of(text, "b.input_quant:").find("grid=unsigned"), std::string::npos) << text;
  }
  const std::string refusal =
      caught([&] { insert_quantizers(network, {.weights = 1, .activations = 1, .overrides = {}}); });
  EXPECT_NE(refusal.find("c has values of both signs"), std::string::npos) << refusal;
}

TEST(InsertQuantizers, Refuses) {
  const graph::Network n = two_branches();
  const auto refusal = [&](BitPolicy policy) { return caught([&] { insert_quantizers(n, policy); }); };
  EXPECT_NE(refusal({.weights = 9, .overrides = {}}).find("not 9"), std::string::npos);
  EXPECT_NE(refusal({.activations = 0, .overrides = {}}).find("not 0"), std::string::npos);
  EXPECT_NE(refusal({.weights = 4, .weight_scheme = "sawp", .overrides = {}}).find("sawb"),
            std::string::npos);
  EXPECT_NE(refusal({.weights = 4, .weight_scheme = "binary", .overrides = {}}).find("has 1 bit, not 4"),
            std::string::npos);
  EXPECT_NE(refusal({.weights = 1, .weight_scheme = "lsq", .overrides = {}}).find("2 to 8 bits, not 1"),
            std::string::npos);
  EXPECT_NE(refusal({.weights = 4, .overrides = {parse_bit_override("x*=w4")}}).find("matches no layer"),
            std::string::npos);
  for (const char* text : {"", "=w4", "a=", "a=4", "a=w", "a=w9", "a=w4w4", "a=x4", "a=w-1", "a=w4a"})
    EXPECT_NE(caught([&] { parse_bit_override(text); }).find("PATTERN=w4a8"), std::string::npos) << text;
}

TEST(LayerTable, CountsBytesAtTheirBits) {
  const LayerTable table = make_layer_table(
      insert_quantizers(two_branches(), {.weights = 2, .activations = 2, .overrides = {}}).graph);
  EXPECT_EQ(table.rows[0].bytes, 108);      // 108 weights of 8 bits
  EXPECT_EQ(table.rows[1].bytes, 144 / 4);  // 144 weights of 2 bits
  EXPECT_EQ(table.rows[1].macs, 144 * 64);
  EXPECT_EQ(table.float_bytes, 4 * table.parameters);
}

}  // namespace
}  // namespace pact::passes
