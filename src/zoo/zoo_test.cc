#include "zoo/zoo.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "graph/rules.h"
#include "graph/text.h"
#include "zoo/imagenet_resnet.h"

namespace pact::zoo {
namespace {

TEST(Zoo, GraphsAreSoundAndSurviveTheirTextForm) {
  for (const ZooEntry& entry : catalog()) {
    const graph::Graph graph = entry.build(entry.usual_input);
    EXPECT_TRUE(graph::find_problems(graph).empty()) << entry.name;
    EXPECT_TRUE(graph::parse(graph::print(graph), entry.name) == graph) << entry.name;
    EXPECT_TRUE(graph::find_problems(graph::Network{graph, initialize(graph, 1)}).empty()) << entry.name;
  }
}

// Parameters of He et al. 2016, table 6: 0.27 M, 0.46 M, 0.85 M.
TEST(Zoo, ResNetsHaveThePublishedSizes) {
  const auto count = [](const char* name) {
    const ZooEntry& entry = find_entry(name);
    int64_t parameters = 0;
    const graph::Graph graph = entry.build(entry.usual_input);
    for (const graph::Value& value : graph.values())
      if (value.kind == graph::ValueKind::parameter) parameters += graph::element_count(value.type.shape);
    return parameters;
  };
  // Those of torchvision.models.
  EXPECT_EQ(count("resnet18"), 11689512);
  EXPECT_EQ(count("resnet50"), 25557032);
  EXPECT_EQ(count("mobilenet"), 4231976);  // the trainable ones of Keras' MobileNet
  EXPECT_EQ(count("resnet20"), 269722);
  EXPECT_EQ(count("resnet32"), 464154);
  EXPECT_EQ(count("resnet56"), 853018);
}

int64_t macs_of(const graph::Graph& graph) {
  int64_t macs = 0;
  for (const graph::Node& node : graph.nodes())
    if (node.op == graph::Op::conv2d || node.op == graph::Op::linear)
      macs += graph::macs_per_image(graph, node);
  return macs;
}

TEST(Zoo, ImageNetResNetsAreThoseOfTorchvision) {
  const graph::Graph small = resnet18(imagenet_input()), large = resnet50(imagenet_input());
  EXPECT_EQ(macs_of(small), 1'814'073'344);  // torchvision tells 1.81 and 4.09 billion
  EXPECT_EQ(macs_of(large), 4'089'184'256);
  const auto shape = [](const graph::Graph& graph, const char* name) {
    const auto value = graph.find(name);
    return value ? graph::to_string(graph.value(*value).type.shape) : "missing";
  };
  EXPECT_EQ(shape(small, "maxpool"), "[N,64,56,56]");
  EXPECT_EQ(shape(small, "layer2.0.downsample.0.weight"), "[128,64,1,1]");
  EXPECT_EQ(shape(small, "layer1.0.downsample.0.weight"), "missing");
  EXPECT_EQ(shape(small, "layer4.1.relu"), "[N,512,7,7]");
  EXPECT_EQ(shape(small, "layer4.1.bn2.running_var"), "[512]");
  // v1.5: the 1x1 convolution before the 3x3 keeps the extent.
  EXPECT_EQ(shape(large, "layer2.0.conv1"), "[N,128,56,56]");
  EXPECT_EQ(shape(large, "layer2.0.conv2"), "[N,128,28,28]");
  EXPECT_EQ(shape(large, "layer1.0.downsample.1.bias"), "[256]");
  EXPECT_EQ(shape(large, "bn1.weight"), "[64]");
  EXPECT_EQ(shape(large, "fc"), "[N,1000]");
  EXPECT_EQ(shape(large, "fc.weight"), "[1000,2048]");
}

TEST(Zoo, MobileNetDoesThePublishedWork) {
  EXPECT_EQ(macs_of(find_entry("mobilenet").build(imagenet_input())), 568'740'352);  // 569 million, table 4
}

TEST(Zoo, InitialWeightsHaveTheirVarianceAndDependOnTheSeedOnly) {
  const graph::Graph graph = find_entry("resnet20").build({});
  const graph::Tensors a = initialize(graph, 1), b = initialize(graph, 1), c = initialize(graph, 2);
  EXPECT_TRUE(a == b);
  EXPECT_FALSE(a == c);
  double squares = 0;
  const auto weights = a.at("layer3.1.conv1.weight").as<float>();
  for (const float w : weights) squares += static_cast<double>(w) * static_cast<double>(w);
  EXPECT_NEAR(squares / static_cast<double>(weights.size()), 2.0 / (64 * 9), 2e-4);
}

TEST(Zoo, UnknownNamesAreRefusedWithTheNearest) {
  try {
    find_entry("resnet-20");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'resnet20'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace pact::zoo
