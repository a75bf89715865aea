#include "zoo/zoo.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/caught.h"
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
    InputSpec input = entry.usual_input;
    input.thinning = 8;
    const graph::Graph thin = entry.build(input);
    EXPECT_TRUE(graph::find_problems(graph::Network{thin, initialize(thin, 1)}).empty()) << entry.name;
  }
}

int64_t count(const char* name) {
  const ZooEntry& entry = find_entry(name);
  int64_t parameters = 0;
  const graph::Graph graph = entry.build(entry.usual_input);
  for (const graph::Value& value : graph.values())
    if (value.kind == graph::ValueKind::parameter) parameters += graph::element_count(value.type.shape);
  return parameters;
}

// Parameters of He et al. 2016, table 6: 0.27 M, 0.46 M, 0.85 M.
TEST(Zoo, ResNetsHaveThePublishedSizes) {
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

TEST(Zoo, MobileNetsDoThePublishedWork) {
  EXPECT_EQ(macs_of(find_entry("mobilenet").build(imagenet_input())), 568'740'352);  // 569 million, table 4
  // torchvision tells 3,504,872 parameters and 0.30 billion MACs; the paper, table 4, 3.4 M and 300 M.
  const graph::Graph v2 = find_entry("mobilenetv2").build(imagenet_input());
  EXPECT_EQ(count("mobilenetv2"), 3'504'872);
  EXPECT_EQ(macs_of(v2), 300'774'272);
  const auto shape = [&](const char* name) {
    return graph::to_string(v2.value(v2.find(name).value()).type.shape);
  };
  EXPECT_EQ(shape("features.0.0.weight"), "[32,3,3,3]");
  EXPECT_EQ(shape("features.1.conv.0.0.weight"), "[32,1,3,3]");
  EXPECT_EQ(shape("features.1.conv.2.running_mean"), "[16]");
  EXPECT_EQ(shape("features.2.conv.1.0.weight"), "[96,1,3,3]");
  EXPECT_EQ(shape("features.17.conv.3.bias"), "[320]");
  EXPECT_EQ(shape("features.17.conv.2"), "[N,320,7,7]");
  EXPECT_EQ(shape("features.18.1.weight"), "[1280]");
  EXPECT_EQ(shape("classifier.1.weight"), "[1000,1280]");
  // A shortcut wherever extent and channels stay: 10 of 17 blocks.
  int64_t sums = 0;
  for (const graph::Node& node : v2.nodes()) sums += node.op == graph::Op::add;
  EXPECT_EQ(sums, 10);
}

// Gluon's model zoo lists its v2 networks with 11,695,796 and 25,595,060 numbers. Ours lack the norm of the
// pixels (12), that in front of the first block (4 * 64), and running statistics are no parameters (2 a
// channel).
TEST(Zoo, PreActivationResNetsHaveThePublishedSizes) {
  EXPECT_EQ(count("preresnet18"), 11'695'796 - 12 - 4 * 64 - 2 * 3904);
  EXPECT_EQ(count("preresnet50"), 25'595'060 - 12 - 4 * 64 - 2 * 22720);
  // The convolutions are those of the other form.
  for (const auto& [name, other] : {std::pair{"preresnet18", "resnet18"}, {"preresnet50", "resnet50"}})
    EXPECT_EQ(macs_of(find_entry(name).build(imagenet_input())),
              macs_of(find_entry(other).build(imagenet_input())));
}

TEST(Zoo, PreActivationShortcutsReachThroughAStage) {
  const graph::Graph graph = find_entry("preresnet50").build(imagenet_input());
  const auto input = [&](const char* node, size_t i) {
    return graph.value(graph.producer(graph.find(node).value())->inputs[i]).name;
  };
  EXPECT_EQ(input("layer1.0.conv1", 0), "maxpool");
  EXPECT_EQ(input("layer1.0.downsample.0", 0), "maxpool");
  EXPECT_EQ(input("layer1.1.bn1", 0), "layer1.0.sum");
  EXPECT_EQ(input("layer1.1.sum", 1), "layer1.0.sum");
  EXPECT_EQ(input("layer2.0.downsample.0", 0), "layer2.0.relu1");
  EXPECT_EQ(input("layer2.0.sum", 1), "layer2.0.downsample.0");
  EXPECT_EQ(input("bn2", 0), "layer4.2.sum");
}

TEST(Zoo, NetworksWithoutShortcutsHaveThePublishedSizes) {
  const auto macs = [](const char* name) {
    const ZooEntry& entry = find_entry(name);
    return macs_of(entry.build(entry.usual_input));
  };
  // Caffe's AlexNet has 60,965,224; a batch norm has two numbers where each of its 9,568 biases was, but
  // those of the last layer. Sze et al. 2017, table II: 724 M MACs.
  EXPECT_EQ(count("alexnet-bn"), 60'965'224 + 9'568);
  EXPECT_EQ(macs("alexnet-bn"), 724'406'816);
  // 4.66 M and 0.61 G (as 1-bit papers tell the size of VGG-small).
  EXPECT_EQ(count("vgg-small"), 4'660'106);
  EXPECT_EQ(macs("vgg-small"), 607'600'640);
  // The filters of tensorpack's examples/DoReFa-Net/svhn-digit-dorefa.py; Zhou et al. count about 80 million
  // operations, two a MAC.
  EXPECT_EQ(count("svhnnet"), 48 * 75 + 48 + 64 * 48 * 9 + 64 * 64 * 9 + 128 * 64 * 9 + 2 * 128 * 128 * 9 +
                                  512 * 128 * 25 + 512 * 10 + 10 + 2 * (64 + 64 + 3 * 128 + 512));
  EXPECT_NEAR(2e-6 * static_cast<double>(macs("svhnnet")), 80, 4);
  EXPECT_EQ(count("lenet5"), 61'706);  // as many textbooks count
  EXPECT_EQ(macs("lenet5"), 28 * 28 * 150 + 10 * 10 * 2400 + 48'000 + 10'080 + 840);
}

TEST(Zoo, TheLastConvolutionForSvhnCoversWhatIsLeft) {
  const auto last = [](int64_t extent) {
    InputSpec input = find_entry("svhnnet").usual_input;
    input.height = input.width = extent;
    const graph::Graph graph = find_entry("svhnnet").build(input);
    return graph::to_string(graph.value(graph.find("conv6.weight").value()).type.shape);
  };
  EXPECT_EQ(last(40), "[512,128,5,5]");
  EXPECT_EQ(last(32), "[512,128,3,3]");
  InputSpec input;
  input.width = 40;
  EXPECT_NE(caught([&] { find_entry("svhnnet").build(input); }).find("square images, not 32x40"),
            std::string::npos);
}

TEST(Zoo, ThinnedNetworksKeepTheirForm) {
  for (const ZooEntry& entry : catalog()) {
    InputSpec input = entry.usual_input;
    input.thinning = 4;
    const graph::Graph graph = entry.build(entry.usual_input), thin = entry.build(input);
    ASSERT_EQ(thin.nodes().size(), graph.nodes().size()) << entry.name;
    EXPECT_LT(macs_of(thin) * 5, macs_of(graph)) << entry.name;
    EXPECT_EQ(thin.value(thin.outputs()[0]).type, graph.value(graph.outputs()[0]).type) << entry.name;
  }
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
