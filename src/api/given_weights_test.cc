#include "api/given_weights.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "api/model.h"
#include "base/caught.h"
#include "base/files.h"
#include "base/random.h"
#include "reference/evaluate.h"
#include "zoo/zoo.h"

namespace pact::api {
namespace {

namespace fs = std::filesystem;
using graph::DataType;
using graph::Tensor;

class GivenWeights : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  // As torch writes a state_dict of a network with `classes` classes.
  static graph::Tensors state_dict(const char* name, int64_t classes) {
    const zoo::ZooEntry& entry = zoo::find_entry(name);
    zoo::InputSpec input = entry.usual_input;
    input.classes = classes;
    graph::Tensors tensors = zoo::initialize(entry.build(input), 3);
    Random random(4);
    for (auto& [key, tensor] : tensors)
      if (key.ends_with("running_mean") || key.ends_with("running_var"))
        for (float& x : tensor.as<float>()) x = static_cast<float>(random.uniform(0.5, 1.5));
    return tensors;
  }
  fs::path write(const graph::Tensors& tensors) const {
    const fs::path path = folder_ / "weights.safetensors";
    graph::write_safetensors(path, {tensors, {{"format", "pt"}}});
    return path;
  }

  const fs::path folder_ = fs::temp_directory_path() / fmt::format("given-weights-{}", getpid());
};

TEST_F(GivenWeights, FitUnderTheNamesOfTorchvision) {
  graph::Tensors tensors = state_dict("resnet18", 7);
  tensors["bn1.num_batches_tracked"] = Tensor::zeros(DataType::i64, {});
  tensors["layer4.1.bn2.num_batches_tracked"] = Tensor::zeros(DataType::i64, {});
  const graph::Network network = load_model({.path = "resnet18", .weights = write(tensors)});
  EXPECT_EQ(graph::to_string(network.graph.value(network.graph.outputs()[0]).type.shape), "[N,7]");
  EXPECT_EQ(network.tensors.size(), tensors.size() - 2);
  for (const char* name :
       {"conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight",
        "layer2.0.downsample.1.running_var", "fc.weight", "fc.bias"})
    EXPECT_EQ(network.tensors.at(name), tensors.at(name)) << name;
}

TEST_F(GivenWeights, AllThatDoesNotFitIsToldAtOnce) {
  graph::Tensors tensors = state_dict("resnet8", 10);
  tensors.erase("stem.bn.gamma");
  tensors.erase("layer1.0.conv1.weight");
  tensors["head.weight"] = Tensor::zeros(DataType::f32, {3});
  tensors["stem.conv.weight"] = Tensor::zeros(DataType::f32, {16, 3, 5, 5});
  tensors["layer2.0.conv1.weight"] = Tensor::zeros(DataType::f64, {32, 16, 3, 3});
  const fs::path path = write(tensors);
  const std::string message = caught([&] { load_model({.path = "resnet8", .weights = path}); });
  for (const std::string& part :
       {path.string(), std::string("lacks layer1.0.conv1.weight, stem.bn.gamma"),
        std::string("lacks: head.weight"),
        std::string("'stem.conv.weight' is f32[16,3,5,5] there and f32[16,3,3,3] here"),
        std::string("'layer2.0.conv1.weight' is f64[32,16,3,3] there and f32[32,16,3,3] here")})
    EXPECT_TRUE(contains(message, part)) << part << " in\n" << message;
}

// Inside the image nothing changes but rounding, and all padding here is a pixel wide.
TEST_F(GivenWeights, TheScaleOfPixelsGoesIntoTheFirstLayer) {
  const fs::path path = write(state_dict("resnet8", 10));
  const graph::Network network = load_model(
      {.path = "resnet8", .mean = {0.4914, 0.4822, 0.4465}, .std = {0.247, 0.2435, 0.2616}, .weights = path});
  const graph::Node& normalize = network.graph.node(0);
  EXPECT_EQ(normalize.reals("mean"), (std::vector<double>{125, 123, 114}));
  EXPECT_EQ(normalize.reals("std"), (std::vector<double>{64, 64, 64}));

  graph::Network exact = load_model({.path = "resnet8", .weights = path});
  Tensor raw = Tensor::zeros(DataType::f32, {1, 3, 32, 32}), scaled = raw;
  Random random(1);
  const double own_mean[] = {125, 123, 114};
  const double mean[] = {0.4914, 0.4822, 0.4465}, std[] = {0.247, 0.2435, 0.2616};
  for (size_t i = 0; i < raw.as<float>().size(); ++i) {
    const double pixel = static_cast<double>(random.below(256));
    raw.as<float>()[i] = static_cast<float>(pixel);
    const double value = (pixel / 255 - mean[i / 1024]) / std[i / 1024];
    scaled.as<float>()[i] = static_cast<float>(64 * value + own_mean[i / 1024]);
  }
  const Tensor a = reference::evaluate_all(network, raw).at("stem.bn");
  const Tensor b = reference::evaluate_all(exact, scaled).at("stem.bn");
  for (size_t c = 0; c < 16; ++c)
    for (size_t y = 1; y < 31; ++y)
      for (size_t x = 1; x < 31; ++x) {
        const size_t i = (c * 32 + y) * 32 + x;
        ASSERT_NEAR(a.as<float>()[i], b.as<float>()[i], 1e-4) << c << " " << y << " " << x;
      }
}

TEST_F(GivenWeights, AreForNetworksOfTheZoo) {
  const fs::path path = write(state_dict("resnet8", 10));
  EXPECT_TRUE(is_plain_weights(path));
  EXPECT_FALSE(is_plain_weights(folder_));
  EXPECT_TRUE(
      contains(caught([&] { load_model({.path = folder_, .weights = path}); }), "networks of the zoo"));
  RandomWeights random;
  random.seed = 1;
  EXPECT_TRUE(contains(caught([&] { load_model({.path = "resnet8", .random = random, .weights = path}); }),
                       "not both"));
  EXPECT_TRUE(contains(caught([&] {
                         load_model({.path = "resnet8", .mean = {0.5, 0.5}, .weights = path});
                       }),
                       "--mean has 2 numbers for 3 channels"));
  EXPECT_TRUE(contains(caught([&] { load_model({.path = "resnet8", .weights = "/nowhere.safetensors"}); }),
                       "/nowhere.safetensors"));
  // Beside a graph it is a checkpoint.
  write_file(folder_ / "graph.txt", "graph x\n");
  EXPECT_FALSE(is_plain_weights(path));
}

}  // namespace
}  // namespace pact::api
