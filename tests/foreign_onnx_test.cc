// Models and operator tests of other tools (PACT_DATA; the README there says whose): what the
// importer takes must compute what their makers say, as imported by `reference`, lowered by `reference`, and
// by the engine, bit by bit; what it does not take is refused in words. Skipped where the data are missing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/caught.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "base/strings.h"
#include "engine/engine.h"
#include "onnx_io/import.h"
#include "onnx_io/model_reader.h"
#include "passes/lower/lower.h"
#include "reference/evaluate.h"

namespace pact {
namespace {

namespace fs = std::filesystem;
using graph::Network;
using graph::Tensor;

fs::path data_folder() {
  const char* folder = std::getenv("PACT_DATA");
  return folder ? folder : "PACT_DATA is not set";
}

// With a normalization that changes nothing, so that the network takes what the file takes.
onnx_io::ImportOptions as_it_is() { return {.mean = {0.0}, .std = {1.0 / 255.0}}; }

Network read_model(const fs::path& path) {
  onnx_io::ImportOptions options = as_it_is();
  options.folder = path.parent_path();
  return onnx_io::import_onnx(read_file(path, size_t{1} << 30), path.string(), options);
}

Tensor read_tensor(const fs::path& path) {
  onnx::TensorProto proto;
  EXPECT_TRUE(proto.ParseFromString(read_file(path, 1 << 26))) << path;
  onnx_io::ExternalData none{""};
  return onnx_io::tensor_of(proto, none);
}

Tensor random_input(const Network& network, int64_t batch, double least, double most) {
  graph::Shape shape = network.graph.value(network.graph.inputs()[0]).type.shape;
  shape[0] = batch;
  Tensor tensor = Tensor::zeros(graph::DataType::f32, shape);
  Random random(11);
  for (float& each : tensor.as<float>()) each = static_cast<float>(least + (most - least) * random.uniform());
  return tensor;
}

float largest_difference(const Tensor& a, const Tensor& b) {
  const auto x = a.as<float>(), y = b.as<float>();
  if (x.size() != y.size()) return INFINITY;
  float largest = 0.0f;
  for (size_t i = 0; i < x.size(); ++i) {
    const float difference = std::abs(x[i] - y[i]);
    largest = difference <= largest ? largest : difference;
  }
  return largest;
}

// Runs it in every way; what comes out of the network as it was imported.
Tensor run(const Network& network, const Tensor& input) {
  const Network lowered = passes::lower(network);
  const Tensor expected = reference::evaluate(lowered, input);
  engine::Engine engine(lowered, {.isa = selected_isa(), .threads = 1, .max_batch = input.shape[0]});
  EXPECT_EQ(engine.run(input), expected) << network.graph.name();
  const Tensor imported = reference::evaluate(network, input);
  EXPECT_LT(largest_difference(imported, expected), 1e-2f) << network.graph.name();
  return imported;
}

fs::path part(const fs::path& test, const std::string& name) {
  return fs::exists(test / name) ? test / name : test / "test_data_set_0" / name;
}

// All inputs but the first as initializers.
onnx::ModelProto with_constants(const fs::path& test) {
  onnx::ModelProto model = onnx_io::parse_model(read_file(test / "model.onnx", 1 << 26), test.string());
  // An operator that never changed is tested under the opset it came with.
  for (onnx::OperatorSetIdProto& opset : *model.mutable_opset_import())
    opset.set_version(std::max<int64_t>(opset.version(), 7));
  onnx::GraphProto& graph = *model.mutable_graph();
  for (int i = 1; i < graph.input_size(); ++i) {
    onnx::TensorProto& tensor = *graph.add_initializer();
    const fs::path constant = part(test, fmt::format("input_{}.pb", i));
    EXPECT_TRUE(tensor.ParseFromString(read_file(constant, 1 << 26))) << constant;
    tensor.set_name(graph.input(i).name());
  }
  return model;
}

TEST(ForeignOnnx, OperatorsComputeWhatTheirTestsSay) {
  const fs::path archive = data_folder() / "operator_tests/onnx_node_tests.tar.xz";
  if (!fs::exists(archive)) GTEST_SKIP() << "PACT_DATA does not name a folder with operator_tests";
  const fs::path folder = fs::temp_directory_path() / fmt::format("pact-operators-{}", ::getpid());
  fs::create_directories(folder);
  ASSERT_EQ(std::system(fmt::format("tar xf '{}' -C '{}'", archive.string(), folder.string()).c_str()), 0);
  std::set<std::string> right, refused;
  for (const auto& test : fs::directory_iterator(folder / "onnx_node_tests")) {
    const std::string name = test.path().filename().string();
    if (name.starts_with("test_softmax")) continue;  // left out on purpose at the end of a network
    try {
      const onnx::ModelProto model = with_constants(test.path());
      const Network network = onnx_io::import_onnx(model.SerializeAsString(), name, as_it_is());
      const Tensor input = read_tensor(part(test.path(), "input_0.pb"));
      const Tensor expected = read_tensor(part(test.path(), "output_0.pb"));
      const Tensor result = run(network, input);
      EXPECT_LT(largest_difference(result, expected), 2e-4f) << name;
      right.insert(name);
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::internal) << name << ": " << error.what();
      refused.insert(name + ": " + error.what());
    }
  }
  fs::remove_all(folder);
  std::printf("%zu right, %zu refused\n", right.size(), refused.size());
  if (std::getenv("PACT_VERBOSE") != nullptr)
    for (const std::string& each : refused) std::printf("%s\n", each.c_str());
  for (const char* name : {"test_basic_conv_with_padding",
                           "test_conv_with_autopad_same",
                           "test_conv_with_strides_and_asymmetric_padding",
                           "test_batchnorm_epsilon",
                           "test_gemm_beta",
                           "test_gemm_default_scalar_bias",
                           "test_matmul_2d",
                           "test_averagepool_2d_ceil",
                           "test_averagepool_2d_same_lower",
                           "test_maxpool_2d_ceil",
                           "test_maxpool_2d_dilations",
                           "test_maxpool_2d_pads",
                           "test_globalaveragepool",
                           "test_globalmaxpool",
                           "test_gemm_transposeB",
                           "test_clip_default_max",
                           "test_relu",
                           "test_flatten_axis1",
                           "test_gemm_alpha",
                           "test_averagepool_2d_pads_count_include_pad",
                           "test_averagepool_2d_precomputed_strides"})
    EXPECT_TRUE(right.contains(name)) << name;
}

// Files of our own making in the manner of others, with what ONNX Runtime and qonnx compute for them.
TEST(ForeignOnnx, OwnFilesComputeWhatOtherRuntimesDo) {
  struct Case {
    const char* file;
    float scale;
    std::vector<float> first;
  };
  const Case cases[] = {
      {"float", 255.0f, {-0.5162081f, -0.9898021f, -0.15807357f, 0.7264627f}},
      {"qcdq", 255.0f, {-0.4999999f, 0.75f, 3.05f, 4.35f, 7.45f, -0.3499998f}},
      {"qonnx", 255.0f, {-0.5f, 0.5f, -0.5f}},
      {"channels_last", 1.0f, {2.222549f, 3.560786f, -16.72598f}},
  };
  for (const auto& [file, scale, first] : cases) {
    const Network network = read_model(fs::path("tests/fuzz/corpus/onnx_import") / file);
    graph::Shape shape = network.graph.value(network.graph.inputs()[0]).type.shape;
    shape[0] = 1;
    // In the order of the file's own axes.
    const bool is_last = std::string(file) == "channels_last";
    Tensor input = Tensor::zeros(graph::DataType::f32, shape);
    const auto x = input.as<float>();
    const size_t channels = static_cast<size_t>(shape[1]), pixels = x.size() / channels;
    for (size_t i = 0; i < x.size(); ++i)
      x[is_last ? i % channels * pixels + i / channels : i] = static_cast<float>(i * 37 % 256) / scale;
    const Tensor result = run(network, input);
    for (size_t i = 0; i < first.size(); ++i)
      EXPECT_NEAR(result.as<float>()[i], first[i], 1e-4) << file << " " << i;
  }
}

class ForeignModel : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = data_folder() / "models";
    if (!fs::exists(folder_)) GTEST_SKIP() << "PACT_DATA does not name a folder with models";
  }
  fs::path folder_;
};

TEST_F(ForeignModel, MnistConvComputesItsOutput) {
  const fs::path model = folder_ / "mnist-conv_cntk";
  const Tensor result = run(read_model(model / "model.onnx"), read_tensor(model / "input_0.pb"));
  EXPECT_LT(largest_difference(result, read_tensor(model / "output_0.pb")), 1e-2f);
}

TEST_F(ForeignModel, QuantizedOnesRunOnIntegers) {
  for (const auto& [file, least, most] :
       {std::tuple{"TFC_2W2A.onnx", 0.0, 1.0}, std::tuple{"unsw_nb15-mlp-w2a2.onnx", -1.0, 1.0}}) {
    const Network network = read_model(folder_ / file);
    run(network, random_input(network, 3, least, most));
    int integer_layers = 0;
    for (const graph::Network lowered = passes::lower(network);
         const graph::Node& node : lowered.graph.nodes())
      integer_layers += node.op == graph::Op::integer_linear;
    EXPECT_GE(integer_layers, 3) << file;
  }
}

TEST_F(ForeignModel, FloatOnesRun) {
  for (const char* file : {"cifar10_resnet20-12fca82f.onnx", "qonnx_residual_block_clean.onnx",
                           "stm_mobilenet_v2_0.35_128_tfs_chfirst.onnx"}) {
    const Network network = read_model(folder_ / file);
    run(network, random_input(network, 1, -1.0, 1.0));
  }
}

TEST_F(ForeignModel, OnesWithoutNumbersAreRefusedOrReadForTheirShapes) {
  const fs::path zigzag = folder_ / "zigzag_resnet18_shapes.onnx";
  const std::string problem = caught([&] { read_model(zigzag); });
  EXPECT_TRUE(contains(problem, "beside the model, which is missing")) << problem;
  onnx_io::ImportOptions options = as_it_is();
  options.missing = onnx_io::MissingNumbers::zeros;
  const Network network = onnx_io::import_onnx(read_file(zigzag, 1 << 26), "zigzag", options);
  EXPECT_EQ(network.graph.value(network.graph.outputs()[0]).type.shape, (graph::Shape{graph::kBatch, 1000}));
  const Network resnet50 = read_model(folder_ / "light_resnet50.onnx");
  EXPECT_EQ(resnet50.graph.value(resnet50.graph.outputs()[0]).type.shape,
            (graph::Shape{graph::kBatch, 1000}));
}

}  // namespace
}  // namespace pact
