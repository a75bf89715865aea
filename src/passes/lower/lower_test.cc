#include "passes/lower/lower.h"

#include <gtest/gtest.h>

#include "base/caught.h"
#include "graph/text.h"
#include "passes/insert_quantizers.h"

namespace pact::passes {
namespace {

using graph::Network;
using graph::Tensor;

// `text` with 0.5 for every number, alpha 6 and variances 1.
Network network_of(const std::string& text) {
  Network network{graph::parse(text, "test"), {}};
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    const float fill = value.name.ends_with("alpha") ? 6.0f : value.name.ends_with("var") ? 1.0f : 0.5f;
    const std::vector<float> numbers(static_cast<size_t>(graph::element_count(value.type.shape)), fill);
    network.tensors[value.name] = Tensor::of(value.type.shape, numbers);
  }
  return network;
}

const std::string kStart = R"(graph small
input image: f32[N,1,4,4]
param a.weight: f32[2,1,3,3]
param a.bias: f32[2]
param bn.gamma: f32[2]
param bn.beta: f32[2]
buffer bn.mean: f32[2]
buffer bn.var: f32[2]
param alpha: f32[]
param fc.weight: f32[3,2]
param fc.bias: f32[3]
)";
const std::string kNodes = R"(pixels: f32[N,1,4,4] = normalize(image) mean=[125.0] std=[64.0]
aw: f32[2,1,3,3] = quant(a.weight) bits=8 grid=odd scheme=sawb
a: f32[N,2,4,4] = conv2d(pixels, aw, a.bias) pads=[1,1,1,1]
bn: f32[N,2,4,4] = batch_norm(a, bn.gamma, bn.beta, bn.mean, bn.var) epsilon=0.0
relu: f32[N,2,4,4] = relu(bn)
pool: f32[N,2] = global_avg_pool(relu)
fc.input_quant: f32[N,2] = quant(pool, alpha) bits=2 grid=unsigned scheme=pact
fcw: f32[3,2] = quant(fc.weight) bits=4 grid=symmetric scheme=symmetric
fc: f32[N,3] = linear(fc.input_quant, fcw, fc.bias)
output fc
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::string lowered_text(const std::string& nodes) {
  return graph::print(lower(network_of(kStart + nodes)).graph);
}

TEST(Lower, MakesTheIntegerForm) {
  EXPECT_EQ(lowered_text(kNodes), R"(graph small
input image: u8[N,1,4,4]
param a.weight_codes: u8[2,1,3,3]
a: i32[N,2,4,4] = integer_conv2d(image, a.weight_codes) dilations=[1,1] groups=1 input_zero=[125] pads=[1,1,1,1] strides=[1,1] weight_bits=8 weight_grid=odd
param a.multiplier: f32[2]
param a.bias: f32[2]
bn: f32[N,2,4,4] = rescale(a, a.multiplier, a.bias)
relu: f32[N,2,4,4] = relu(bn)
pool: f32[N,2] = global_avg_pool(relu)
fc.input_quant: u8[N,2] = quantize(pool) bits=2 grid=unsigned step=2.0
param fc.weight_codes: i8[3,2]
fc.accumulator: i32[N,3] = integer_linear(fc.input_quant, fc.weight_codes) weight_bits=4 weight_grid=symmetric
param fc.multiplier: f32[3]
param fc.bias: f32[3]
fc: f32[N,3] = rescale(fc.accumulator, fc.multiplier, fc.bias)
output fc
)");
}

TEST(Lower, FoldsBatchNormAndUnits) {
  const Network lowered = lower(network_of(kStart + kNodes));
  // All weights are 0.5 = alpha_w = code 255 of the odd grid, 255 halves of the step 0.5 / 127.5. gamma =
  // 0.5.
  EXPECT_EQ(lowered.tensors.at("a.weight_codes").as<uint8_t>()[0], 255);
  const float half_step = 0.5f * (0.5f / 127.5f);
  EXPECT_EQ(lowered.tensors.at("a.multiplier").as<float>()[1],
            static_cast<float>(static_cast<double>(half_step) / 64 * 0.5));
  EXPECT_EQ(lowered.tensors.at("a.bias").as<float>()[1], 0.5f - 0.5f * 0.5f + 0.5f * 0.5f);
  // fc: step 0.5 / 7 of the weights, step 2 of the input.
  EXPECT_EQ(lowered.tensors.at("fc.weight_codes").as<int8_t>()[0], 7);
  EXPECT_EQ(lowered.tensors.at("fc.multiplier").as<float>()[2], 0.5f / 7 * 2);
  EXPECT_EQ(lowered.tensors.at("fc.bias").as<float>()[2], 0.5f);
}

TEST(Lower, ANetworkThatIsGivenAwayLosesTheWeightsThatBecameCodes) {
  Network network = network_of(kStart + kNodes);
  const Network expected = lower(network);
  const size_t before = network.tensors.size();
  const Network lowered = lower(std::move(network));
  EXPECT_EQ(lowered.graph, expected.graph);
  EXPECT_EQ(lowered.tensors, expected.tensors);
  EXPECT_LT(network.tensors.size(), before);
}

TEST(Lower, LeavesOtherNormalizationsFloat) {
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"mean=[125.0]", "mean=[125.5]"},
        {"mean=[125.0]", "mean=[-1.0]"},
        {"output fc", "output pixels\noutput fc"},
        {"output fc", "other: f32[N,1,4,4] = relu(pixels)\noutput other\noutput fc"},
        {"output fc", "other: f32[N,1,4,4] = relu(image)\noutput other\noutput fc"}}) {
    const std::string text = lowered_text(replaced(kNodes, from, to));
    EXPECT_TRUE(contains(text, "input image: f32[N,1,4,4]")) << text;
    EXPECT_TRUE(contains(text, "param aw: f32[2,1,3,3]")) << text;
    EXPECT_TRUE(contains(text, "= conv2d(pixels, aw, a.bias)")) << text;
    EXPECT_TRUE(contains(text, "bn: f32[N,2,4,4] = batch_norm(a,")) << text;
  }
}

TEST(Lower, KeepsWhatOthersReadOfAFoldedLayer) {
  const std::string text = lowered_text(replaced(kNodes, "output fc", "output a\noutput fc"));
  EXPECT_TRUE(contains(text, "a.accumulator: i32[N,2,4,4] = integer_conv2d(")) << text;
  EXPECT_TRUE(contains(text, "\na: f32[N,2,4,4] = rescale(a.accumulator, a.multiplier, a.bias)")) << text;
  EXPECT_TRUE(contains(text, "bn: f32[N,2,4,4] = rescale(a, bn.multiplier, bn.bias)")) << text;
}

TEST(Lower, ANormBehindAnAdditionBecomesARescale) {
  const std::string nodes = replaced(replaced(kNodes, "bn: f32", "sum: f32[N,2,4,4] = add(a, a)\nbn: f32"),
                                     "batch_norm(a,", "batch_norm(sum,");
  Network network = network_of(kStart + nodes);
  network.tensors["bn.var"].as<float>()[1] = 4.0f;
  const Network lowered = lower(network);
  const std::string text = graph::print(lowered.graph);
  EXPECT_TRUE(contains(text, "bn: f32[N,2,4,4] = rescale(sum, bn.multiplier, bn.bias)")) << text;
  EXPECT_FALSE(contains(text, "batch_norm")) << text;
  // gamma = beta = mean = 0.5: the factor 0.5 / 2, the term 0.5 - 0.5 * 0.25
  EXPECT_EQ(lowered.tensors.at("bn.multiplier").as<float>()[1], 0.25f);
  EXPECT_EQ(lowered.tensors.at("bn.bias").as<float>()[1], 0.375f);
  network.tensors["bn.var"].as<float>()[1] = 0.0f;
  EXPECT_TRUE(contains(caught([&] { lower(network); }), "channel 1 of 'bn' is not finite"));
}

TEST(Lower, TurnsCodesBackForFloatReaders) {
  const std::string text = lowered_text(
      replaced(kNodes, "output fc", "twice: f32[N,2] = add(fc.input_quant, pool)\noutput twice\noutput fc"));
  EXPECT_TRUE(contains(text, "twice.shortcut: f32[N,2] = dequantize(fc.input_quant)")) << text;
  EXPECT_TRUE(contains(text, "twice: f32[N,2] = add(twice.shortcut, pool)")) << text;
  EXPECT_TRUE(contains(text, "integer_linear(fc.input_quant, fc.weight_codes)")) << text;

  const std::string float_weight = lowered_text(replaced(
      replaced(kNodes, "fcw: f32[3,2] = quant(fc.weight) bits=4 grid=symmetric scheme=symmetric\n", ""),
      "fcw, fc.bias", "fc.weight, fc.bias"));
  EXPECT_TRUE(contains(float_weight, "fc: f32[N,3] = linear(fc.input_quant.values, fc.weight, fc.bias)"))
      << float_weight;
}

// A shortcut that carries codes, through a slice and a pad, and one that carries them as they are.
const std::string kCodedShortcuts = R"(graph shortcuts
input x: f32[N,2,4,4]
param alpha: f32[]
param w: f32[4,2,3,3]
param v: f32[4,4,1,1]
wq: f32[4,2,3,3] = quant(w) bits=4 grid=symmetric scheme=symmetric
vq: f32[4,4,1,1] = quant(v) bits=4 grid=symmetric scheme=symmetric
q: f32[N,2,4,4] = quant(x, alpha) bits=4 grid=unsigned scheme=pact
narrow: f32[N,2,2,2] = slice(q) begin=[0,0,0] end=[2,4,4] step=[1,2,2]
wide: f32[N,4,2,2] = pad(narrow) after=[1,0,0] before=[1,0,0]
a: f32[N,4,2,2] = conv2d(q, wq) pads=[1,1,1,1] strides=[2,2]
sum: f32[N,4,2,2] = add(a, wide)
relu: f32[N,4,2,2] = relu(sum)
r: f32[N,4,2,2] = quant(relu, alpha) bits=4 grid=unsigned scheme=pact
b: f32[N,4,2,2] = conv2d(r, vq)
one: f32[N,4,2,2] = add(r, b)
two: f32[N,4,2,2] = add(one, r)
output two
)";

TEST(Lower, EachAdditionTurnsTheCodesOfItsShortcutBackForItself) {
  EXPECT_EQ(graph::print(lower(network_of(kCodedShortcuts)).graph), R"(graph shortcuts
input x: f32[N,2,4,4]
q: u8[N,2,4,4] = quantize(x) bits=4 grid=unsigned step=0.4000000059604645
narrow: u8[N,2,2,2] = slice(q) begin=[0,0,0] end=[2,4,4] step=[1,2,2]
wide: u8[N,4,2,2] = pad(narrow) after=[1,0,0] before=[1,0,0]
param a.weight_codes: i8[4,2,3,3]
a.accumulator: i32[N,4,2,2] = integer_conv2d(q, a.weight_codes) dilations=[1,1] groups=1 input_zero=[] pads=[1,1,1,1] strides=[2,2] weight_bits=4 weight_grid=symmetric
param a.multiplier: f32[4]
param a.bias: f32[4]
a: f32[N,4,2,2] = rescale(a.accumulator, a.multiplier, a.bias)
sum.shortcut: f32[N,4,2,2] = dequantize(wide) bits=4 grid=unsigned step=0.4000000059604645
sum: f32[N,4,2,2] = add(a, sum.shortcut)
r: u8[N,4,2,2] = quantize(sum) bits=4 grid=unsigned step=0.4000000059604645
param b.weight_codes: i8[4,4,1,1]
b.accumulator: i32[N,4,2,2] = integer_conv2d(r, b.weight_codes) dilations=[1,1] groups=1 input_zero=[] pads=[0,0,0,0] strides=[1,1] weight_bits=4 weight_grid=symmetric
param b.multiplier: f32[4]
param b.bias: f32[4]
b: f32[N,4,2,2] = rescale(b.accumulator, b.multiplier, b.bias)
one.shortcut: f32[N,4,2,2] = dequantize(r) bits=4 grid=unsigned step=0.4000000059604645
one: f32[N,4,2,2] = add(one.shortcut, b)
two.shortcut: f32[N,4,2,2] = dequantize(r) bits=4 grid=unsigned step=0.4000000059604645
two: f32[N,4,2,2] = add(one, two.shortcut)
output two
)");
}

// A pad adds the value 0, which is another code where the grid has a zero point.
TEST(Lower, PadsValuesWhereZeroIsNotCode0) {
  std::string text = kCodedShortcuts;
  const std::string grid = "quant(x, alpha) bits=4 grid=unsigned";
  text = replaced(text, grid, grid + " zero=6");
  const std::string lowered = graph::print(lower(network_of(text)).graph);
  EXPECT_TRUE(contains(lowered, "narrow: u8[N,2,2,2] = slice(q)")) << lowered;
  EXPECT_TRUE(contains(lowered, "narrow.values: f32[N,2,2,2] = dequantize(narrow)")) << lowered;
  EXPECT_TRUE(contains(lowered, "wide: f32[N,4,2,2] = pad(narrow.values)")) << lowered;
  EXPECT_TRUE(contains(lowered, "add(a, wide)")) << lowered;
}

TEST(Lower, DropsAReluThatOnlyAQuantizerReads) {
  const std::string nodes = replaced(replaced(kNodes, "global_avg_pool(relu)", "global_avg_pool(bn)"),
                                     "relu: f32[N,2,4,4] = relu(bn)\n", "");
  const std::string behind_pool =
      replaced(replaced(nodes, "fc.input_quant:", "relu: f32[N,2] = relu(pool)\nfc.input_quant:"),
               "quant(pool,", "quant(relu,");
  const std::string text = lowered_text(behind_pool);
  EXPECT_FALSE(contains(text, "relu")) << text;
  EXPECT_TRUE(contains(text, "quantize(pool) bits=2")) << text;
  const std::string kept = lowered_text(replaced(behind_pool, "output fc", "output relu\noutput fc"));
  EXPECT_TRUE(contains(kept, "relu: f32[N,2] = relu(pool)")) << kept;
  EXPECT_TRUE(contains(kept, "quantize(pool) bits=2")) << kept;
  // A symmetric grid has negative codes: there the relu counts.
  const std::string symmetric = lowered_text(replaced(behind_pool, "grid=unsigned", "grid=symmetric"));
  EXPECT_TRUE(contains(symmetric, "fc.input_quant: i8[N,2] = quantize(relu) bits=2 grid=symmetric step=6.0"))
      << symmetric;
}

TEST(Lower, MaxPoolsThatOnlyAQuantizerReadsWorkOnCodes) {
  const std::string nodes = replaced(kNodes, "pool: f32[N,2] = global_avg_pool(relu)",
                                     R"(max: f32[N,2,1,1] = max_pool(relu) kernel=[4,4] strides=[1,1]
pool: f32[N,2] = flatten(max))");
  const std::string behind_flatten = lowered_text(nodes);
  EXPECT_TRUE(contains(behind_flatten, "max: f32[N,2,1,1] = max_pool(relu)")) << behind_flatten;
  const std::string direct = R"(q: f32[N,2,1,1] = quant(max, alpha) bits=2 grid=unsigned scheme=pact
pool: f32[N,2] = flatten(q))";
  const std::string pooled =
      replaced(replaced(nodes, "pool: f32[N,2] = flatten(max)", direct),
               "fc.input_quant: f32[N,2] = quant(pool, alpha) bits=2 grid=unsigned scheme=pact\n", "");
  const std::string text = lowered_text(replaced(pooled, "linear(fc.input_quant", "linear(pool"));
  EXPECT_TRUE(contains(text, "q: u8[N,2,4,4] = quantize(bn)")) << text;
  EXPECT_TRUE(contains(text, "max.codes: u8[N,2,1,1] = max_pool(q)")) << text;
  const std::string read = lowered_text(replaced(replaced(pooled, "linear(fc.input_quant", "linear(pool"),
                                                 "output fc", "output max\noutput fc"));
  EXPECT_TRUE(contains(read, "q: u8[N,2,1,1] = quantize(max)")) << read;
  // Two quantizers behind one clip of the pool: it is pooled once, as real numbers.
  const std::string shared = replaced(replaced(pooled, "linear(fc.input_quant", "linear(pool"),
                                      "q: f32[N,2,1,1] = quant(max, alpha) bits=2 grid=unsigned scheme=pact",
                                      R"(clip: f32[N,2,1,1] = relu(max)
p: f32[N,2,1,1] = quant(clip, alpha) bits=3 grid=unsigned scheme=pact
q: f32[N,2,1,1] = quant(clip, alpha) bits=2 grid=unsigned scheme=pact)");
  const std::string both = lowered_text(replaced(shared, "output fc", "output p\noutput fc"));
  EXPECT_TRUE(contains(both, "max: f32[N,2,1,1] = max_pool(")) << both;
  EXPECT_FALSE(contains(both, "max.codes")) << both;
}

TEST(Lower, RefusesInWords) {
  const auto refusal = [](Network network) { return caught([&] { lower(network); }); };
  Network network = network_of(kStart + kNodes);
  network.tensors["alpha"].as<float>()[0] = -1.0f;
  EXPECT_TRUE(contains(refusal(network), "node 'fc.input_quant' (quant): its alpha is -1"))
      << refusal(network);

  network = network_of(kStart + kNodes);
  network.tensors["bn.var"].as<float>()[1] = 0.0f;
  EXPECT_TRUE(contains(refusal(network), "layer 'a'")) << refusal(network);
  EXPECT_TRUE(contains(refusal(network), "statistics of 'bn'")) << refusal(network);

  network = network_of(kStart + replaced(kNodes, "scheme=sawb", "scheme=symmetric"));
  EXPECT_TRUE(contains(refusal(network), "node 'aw' (quant): grid=odd")) << refusal(network);

  // 40000 * 255 * 255 > 2^31.
  network = network_of(R"(graph wide
input x: f32[N,40000]
param alpha: f32[]
param weight: f32[1,40000]
q: f32[N,40000] = quant(x, alpha) bits=8 grid=unsigned scheme=pact
w: f32[1,40000] = quant(weight) bits=8 grid=odd scheme=sawb
fc: f32[N,1] = linear(q, w)
output fc
)");
  EXPECT_TRUE(
      contains(refusal(network), "layer 'fc': the accumulator of its output 0 could reach 2601000000"))
      << refusal(network);
}

TEST(Lower, LeavesAFloatNetworkAlone) {
  std::string text = replaced(kNodes, "aw: f32[2,1,3,3] = quant(a.weight) bits=8 grid=odd scheme=sawb\n", "");
  text = replaced(text, "pixels, aw,", "pixels, a.weight,");
  text =
      replaced(text, "fc.input_quant: f32[N,2] = quant(pool, alpha) bits=2 grid=unsigned scheme=pact\n", "");
  text = replaced(text, "fcw: f32[3,2] = quant(fc.weight) bits=4 grid=symmetric scheme=symmetric\n", "");
  text = replaced(text, "linear(fc.input_quant, fcw,", "linear(pool, fc.weight,");
  const std::string lowered = lowered_text(text);
  EXPECT_TRUE(contains(lowered, "a: f32[N,2,4,4] = conv2d(pixels, a.weight, a.bias)")) << lowered;
  EXPECT_TRUE(contains(lowered, "fc: f32[N,3] = linear(pool, fc.weight, fc.bias)")) << lowered;
}

// As networks come from quantized ONNX files: the weights are codes already.
TEST(Lower, TakesWeightsThatAreCodesAlready) {
  Network network{graph::parse(R"(graph codes
input x: f32[N,2]
param alpha: f32[]
param w.codes: i8[2,2]
w: f32[2,2] = dequantize(w.codes) bits=3 grid=symmetric step=0.25
q: f32[N,2] = quant(x, alpha) bits=4 grid=unsigned scheme=pact
y: f32[N,2] = linear(q, w)
output y
)",
                               "test"),
                  {}};
  const float alpha[] = {7.5f};
  network.tensors["alpha"] = graph::Tensor::of({}, alpha);
  graph::Tensor codes = graph::Tensor::zeros(graph::DataType::i8, {2, 2});
  codes.as<int8_t>()[0] = -3;
  codes.as<int8_t>()[3] = 2;
  network.tensors["w.codes"] = codes;
  const Network lowered = lower(network);
  EXPECT_EQ(lowered.tensors.at("y.weight_codes"), codes);
  EXPECT_EQ(lowered.tensors.at("y.multiplier").as<float>()[0], 0.125f);
  EXPECT_NE(graph::print(lowered.graph).find("integer_linear(q, y.weight_codes)"), std::string::npos);
}

}  // namespace
}  // namespace pact::passes
