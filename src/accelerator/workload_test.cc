#include "accelerator/workload.h"

#include <gtest/gtest.h>

#include "accelerator/test_networks.h"
#include "accelerator/topology.h"
#include "base/caught.h"
#include "graph/rules.h"

namespace pact::accelerator {
namespace {

const StoredTensor& tensor(const Workload& workload, const std::string& name) {
  for (const StoredTensor& one : workload.tensors)
    if (one.name == name) return one;
  throw std::runtime_error("no tensor " + name);
}

TEST(Workload, HasTheLayersWithTheirWork) {
  const graph::Graph graph = small_resnet();
  const Workload workload = make_workload(graph);
  ASSERT_EQ(workload.layers.size(), 7U);
  int64_t macs = 0;
  for (const graph::Node& node : graph.nodes()) macs += graph::macs_per_image(graph, node);
  EXPECT_EQ(workload.macs(), macs);
  EXPECT_EQ(workload.layers[3].name, "c");
  EXPECT_EQ(workload.layers[3].depth(), 16 * 9);
  EXPECT_EQ(workload.layers[3].pixels(), 64);
}

TEST(Workload, StoresOnlyWhatALaterLayerReads) {
  const Workload workload = make_workload(small_resnet());
  // stem's output feeds a and, as a shortcut, the sum behind b; what b and its sum pass on streams by.
  EXPECT_EQ(tensor(workload, "stem").producer, 0);
  EXPECT_EQ(tensor(workload, "stem").readers, (std::vector<int>{1, 2}));
  EXPECT_EQ(tensor(workload, "stem").adds, (std::vector<int>{2}));
  EXPECT_EQ(tensor(workload, "s1").producer, 2);
  EXPECT_EQ(tensor(workload, "s1").readers, (std::vector<int>{3, 5}));
  EXPECT_EQ(tensor(workload, "d").readers, (std::vector<int>{5}));  // waits for the other branch
  EXPECT_EQ(tensor(workload, "pool").producer, 5);
  EXPECT_EQ(tensor(workload, "image").producer, kOutside);
  EXPECT_TRUE(tensor(workload, "fc").leaves);
  EXPECT_EQ(workload.tensors.size(), 8U);  // image stem a s1 c d pool fc
}

TEST(Workload, FirstAndLastLayerKeepTheirBits) {
  const Workload workload = small_workload(4);
  EXPECT_EQ(workload.layers.front().weight_bits, 8);
  EXPECT_EQ(workload.layers.back().activation_bits, 8);
  EXPECT_EQ(workload.layers[1].activation_bits, 4);
  EXPECT_EQ(tensor(workload, "stem").bits, 4);
  EXPECT_EQ(tensor(workload, "image").bits, 8);
  EXPECT_EQ(inner_bits(workload), 4);
  EXPECT_EQ(with_bits(workload, {16, 8, 8, 0}).layers.front().weight_bits, 16);
  EXPECT_EQ(tensor(with_bits(workload, {4, 8, 8, 16}), "stem").bits, 16);
  EXPECT_EQ(tensor(with_bits(workload, {4, 8, 8, 16}), "a").bits, 4);
}

// What an addition reads as codes needs no storage but theirs.
TEST(Workload, ShortcutsOfCodesKeepTheirBits) {
  const std::string text = R"(
input x: f32[N,8]
param alpha: f32[]
param a.weight: f32[8,8]
param b.weight: f32[4,8]
z: f32[N,8] = linear(x, a.weight)
r: f32[N,8] = relu(z)
q: f32[N,8] = quant(r, alpha) bits=4 grid=unsigned scheme=pact
w: f32[8,8] = quant(a.weight) bits=4 grid=odd scheme=sawb
a: f32[N,8] = linear(q, w)
sum: f32[N,8] = add(a, SHORTCUT)
b: f32[N,4] = linear(sum, b.weight)
output b
)";
  for (const auto& [shortcut, bits] : {std::pair("r", 16), {"q", 4}}) {
    std::string own = text;
    own.replace(own.find("SHORTCUT"), 8, shortcut);
    const Workload workload = with_shortcut_bits(make_workload(graph::parse(own, "test")), 16);
    EXPECT_EQ(tensor(workload, "z").bits, bits) << shortcut;
    EXPECT_EQ(tensor(workload, "z").adds, (std::vector<int>{1})) << shortcut;
  }
}

TEST(Workload, TakesTheBitsOfQuantizers) {
  const Workload workload = make_workload(graph::parse(R"(
input x: f32[N,8]
param a.weight: f32[8,8]
param a.alpha: f32[]
param b.weight: f32[4,8]
r: f32[N,8] = relu(x)
a.in: f32[N,8] = quant(r, a.alpha) bits=4 grid=unsigned scheme=pact
a.w: f32[8,8] = quant(a.weight) bits=3 grid=odd scheme=sawb
a: f32[N,8] = linear(a.in, a.w)
b: f32[N,4] = linear(a, b.weight)
output b
)",
                                                       "test"));
  EXPECT_EQ(workload.layers[0].activation_bits, 4);
  EXPECT_EQ(workload.layers[0].weight_bits, 3);
  EXPECT_EQ(workload.layers[1].weight_bits, 32);
  EXPECT_EQ(tensor(workload, "x").bits, 4);
}

TEST(Workload, TakesTheBitsOfWeightsThatAreCodes) {
  const graph::Graph graph = graph::parse(R"(graph small
input x: f32[N,4,8,8]
param alpha: f32[]
param codes: i8[6,4,3,3]
param steps: f32[6]
q: f32[N,4,8,8] = quant(x, alpha) bits=6 grid=unsigned scheme=pact
w: f32[6,4,3,3] = dequantize(codes, steps) bits=5 grid=symmetric step=1.0
y: f32[N,6,6,6] = conv2d(q, w)
output y
)",
                                          "test");
  const Workload workload = make_workload(graph);
  ASSERT_EQ(workload.layers.size(), 1U);
  EXPECT_EQ(workload.layers[0].weight_bits, 5);
  EXPECT_EQ(workload.layers[0].activation_bits, 6);
}

TEST(Workload, ExactAccumulatorsAreWideEnough) {
  Layer layer;
  layer.in_channels = 512, layer.kernel_rows = layer.kernel_columns = 3;
  layer.weight_bits = layer.activation_bits = 4;
  EXPECT_EQ(layer.exact_accumulator_bits(), 2 * 4 + 13);  // 4608 products
}

TEST(Workload, NeedsALayer) {
  const auto graph = graph::parse("input x: f32[N,4]\ny: f32[N,4] = relu(x)\noutput y\n", "test");
  EXPECT_NE(caught([&] { make_workload(graph); }).find("no convolution"), std::string::npos);
}

TEST(Topology, ReadsConvolutionsAndProducts) {
  const Workload workload = parse_topology(
      "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
      "Conv1, 224, 224, 7, 7, 3, 64, 2,\n"
      "Conv2, 56, 56, 3, 3, 64, 64, 1,\n\n",
      "net.csv");
  ASSERT_EQ(workload.layers.size(), 2U);
  EXPECT_EQ(workload.layers[0].out_rows, 110);  // as SCALE-Sim counts: ceil((224 - 7 + 2) / 2)
  EXPECT_EQ(workload.layers[0].depth(), 147);
  EXPECT_EQ(workload.layers[1].out_rows, 54);
  EXPECT_EQ(workload.name, "net");
  const Workload gemm = parse_topology("Layer, M, N, K,\nG, 4096, 48, 100,\n", "gemm.csv");
  EXPECT_EQ(gemm.macs(), 4096 * 48 * 100);
}

TEST(Topology, RefusesWhatIsNone) {
  const auto message = [](const std::string& text) { return caught([&] { parse_topology(text, "t.csv"); }); };
  EXPECT_NE(message("").find("has no layer"), std::string::npos);
  EXPECT_NE(message("h,a,b\nC, 8, 8, 3, 3, 4, x, 1").find("t.csv:2: 'x'"), std::string::npos);
  EXPECT_NE(message("C, 8, 8, 3, 3, 4, -1, 1").find("t.csv:1"), std::string::npos);
  EXPECT_NE(message("C, 8, 8").find("has 2 numbers"), std::string::npos);
  EXPECT_NE(message("C, 16777216, 16777216, 3, 3, 16777216, 4, 1").find("too large"), std::string::npos);
  EXPECT_NE(message("C, 8, 8, 9, 3, 4, 4, 1").find("larger than the input"), std::string::npos);
}

}  // namespace
}  // namespace pact::accelerator
