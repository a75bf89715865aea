#include "api/random_model.h"

#include <gtest/gtest.h>

#include <map>

#include "base/caught.h"
#include "passes/insert_quantizers.h"
#include "passes/layer_table.h"
#include "zoo/zoo.h"

namespace pact::api {
namespace {

using Bits = std::pair<int, int>;

std::map<std::string, Bits> bits_of(const graph::Graph& graph) {
  std::map<std::string, Bits> bits;
  for (const passes::LayerRow& row : passes::make_layer_table(graph).rows)
    bits[row.name] = {row.weight_bits, row.activation_bits};
  return bits;
}

graph::Graph quantized(const char* name) {
  const zoo::ZooEntry& entry = zoo::find_entry(name);
  graph::Network plain{entry.build(entry.usual_input), {}};
  plain.tensors = zoo::initialize(plain.graph, 1);
  const graph::Network network =
      passes::insert_quantizers(plain, {.weights = 4, .activations = 3, .overrides = {}});
  EXPECT_TRUE(graph::find_problems(network).empty()) << name;
  return network.graph;
}

TEST(ImageNetResNets, AreQuantizedButForTheirEndsAndShortcuts) {
  for (const char* name : {"resnet18", "resnet50"}) {
    const graph::Graph graph = quantized(name);
    for (const auto& [layer, bits] : bits_of(graph))
      EXPECT_EQ(bits, layer == "conv1" || layer == "fc" ? Bits(8, 8) : Bits(4, 3)) << name << " " << layer;
    const auto producer_of = [&](const char* node, size_t input) {
      return graph.producer(graph.producer(*graph.find(node))->inputs[input])->name;
    };
    // The projection reads the codes that the branch reads; a shortcut without one stays in high precision.
    EXPECT_EQ(producer_of("layer2.0.downsample.0", 0), "layer2.0.conv1.input_quant");
    EXPECT_EQ(producer_of("layer2.0.sum", 1), "layer2.0.downsample.1");
    EXPECT_EQ(producer_of("layer2.1.sum", 1), "layer2.0.relu");
  }
}

// In place of train::settle, which this layer must not see: marks what it was given.
void settle(graph::Network& network, std::span<const uint8_t> pixels) {
  EXPECT_EQ(pixels.size() % (32 * 32 * 3), 0u);
  network.tensors.at("stem.bn.running_var").as<float>()[0] = static_cast<float>(pixels[0]) + 2.0f;
}

TEST(RandomModel, DependsOnTheSeedOnlyAndTellsThatItIsRandom) {
  const RandomWeights random{
      .seed = 5, .weights = 2, .activations = 4, .weight_quantizer = {}, .settle = settle};
  const graph::Network a = make_random_model("resnet8", random), b = make_random_model("resnet8", random);
  EXPECT_EQ(a.graph.name(), "resnet8-w2a4-random");
  EXPECT_TRUE(a.tensors == b.tensors);
  RandomWeights other = random;
  other.seed = 6;
  EXPECT_FALSE(make_random_model("resnet8", other).tensors == a.tensors);
  EXPECT_EQ(bits_of(a.graph).at("layer1.0.conv1"), Bits(2, 4));
  EXPECT_NE(a.tensors.at("stem.bn.running_var").as<float>()[0], 1.0f);
}

TEST(RandomModel, HasCodesOnItsShortcutsWhereThatIsAsked) {
  RandomWeights random{.seed = 5,
                       .weights = {},
                       .activations = {},
                       .weight_quantizer = {},
                       .shortcuts = "codes",
                       .settle = settle};
  const graph::Graph graph = make_random_model("resnet8", random).graph;
  const auto shortcut = [&](const char* sum) { return graph.producer(*graph.find(sum))->inputs[1]; };
  EXPECT_EQ(graph.value(shortcut("layer1.0.sum")).name, "layer1.0.conv1.input_quant");
  EXPECT_EQ(graph.value(shortcut("layer2.0.sum")).name, "layer2.0.shortcut.widen");
  random.shortcuts = "none";
  EXPECT_NE(caught([&] { make_random_model("resnet8", random); }).find("real, codes"), std::string::npos);
}

TEST(RandomModel, TakesTraining) {
  EXPECT_NE(caught([] {
              const RandomWeights random{.seed = 1, .weights = {}, .activations = {}, .weight_quantizer = {}};
              make_random_model("resnet8", random);
            }).find("PACT_TRAIN"),
            std::string::npos);
}

TEST(RandomModel, MustBeAskedFor) {
  EXPECT_NE(caught([] { make_random_model("resnet8", {}); }).find("--random-weights"), std::string::npos);
}

}  // namespace
}  // namespace pact::api
