#include "onnx_io/import.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <tuple>

#include "base/caught.h"
#include "base/random.h"
#include "graph/text.h"
#include "onnx_io/export.h"
#include "onnx_io/models_for_tests.h"
#include "passes/lower/lower.h"

namespace pact::onnx_io {
namespace {

using graph::Tensor;

graph::Network read(const onnx::ModelProto& model) {
  return import_onnx(model.SerializeAsString(), "test", {});
}
std::string problem_of(const onnx::ModelProto& model) {
  return caught([&] { read(model); });
}

TEST(Import, ReadsAClassifierAsExportersWriteIt) {
  onnx::ModelProto model = empty_model();
  onnx::GraphProto& graph = *model.mutable_graph();
  add_floats(graph, "/conv/w", {4, 2, 3, 3});
  add_floats(graph, "bias", {4, 1, 1});
  add_floats(graph, "fc", {64, 3});
  add_floats(graph, "fc.bias", {1, 3});
  add_integers(graph, "zero", {0});
  add_integers(graph, "left", {-1});
  onnx::NodeProto& conv = add_node(graph, "Conv", "/conv/Conv_output", {"x", "/conv/w"});
  set_ints(conv, "strides", {2, 2});
  set_word(conv, "auto_pad", "SAME_UPPER");
  add_node(graph, "Add", "sum", {"/conv/Conv_output", "bias"});
  add_node(graph, "Relu", "r", {"sum"});
  add_node(graph, "Shape", "s", {"r"});
  add_node(graph, "Gather", "n", {"s", "zero"});
  set_ints(add_node(graph, "Concat", "target", {"n", "left"}), "axis", {});
  add_node(graph, "Reshape", "flat", {"r", "target"});
  add_node(graph, "MatMul", "product", {"flat", "fc"});
  add_node(graph, "Add", "y", {"product", "fc.bias"});
  add_node(graph, "Sigmoid", "unused", {"product"});
  const graph::Network network = read(model);
  EXPECT_EQ(graph::print(network.graph), R"(graph
input x: f32[N,2,7,7]
pixels: f32[N,2,7,7] = normalize(x) mean=[0.0,0.0] std=[255.0,255.0]
param conv.w: f32[4,2,3,3]
param bias: f32[4]
conv.Conv_output: f32[N,4,4,4] = conv2d(pixels, conv.w, bias) dilations=[1,1] groups=1 pads=[1,1,1,1] strides=[2,2]
r: f32[N,4,4,4] = relu(conv.Conv_output)
flat: f32[N,64] = flatten(r)
param fc: f32[3,64]
param fc.bias: f32[3]
product: f32[N,3] = linear(flat, fc, fc.bias)
output product
)");
  EXPECT_EQ(network.tensors.at("fc").as<float>()[1], 0.25f * 3 - 0.5f);  // element [1,0] of fc
}

// A normalization that changes nothing says all the same that pixels come in.
TEST(Import, KeepsTheNormalizationOfRawPixels) {
  graph::Network network{graph::parse(R"(graph plain
input image: f32[N,1,2,2]
param w: f32[2,1,2,2]
pixels: f32[N,1,2,2] = normalize(image) mean=[0.0] std=[1.0]
wq: f32[2,1,2,2] = quant(w) bits=4 grid=odd scheme=sawb
y: f32[N,2,1,1] = conv2d(pixels, wq)
output y
)",
                                      "test"),
                         {{"w", Tensor::of({2, 1, 2, 2}, std::vector<float>{1, 2, -3, 4, 5, -6, 7, 8})}}};
  const graph::Network again = import_onnx(export_onnx(network, {}), "test", {});
  const graph::Node& first = again.graph.node(0);
  EXPECT_EQ(first.op, graph::Op::normalize) << graph::print(again.graph);
  EXPECT_EQ(first.attributes, network.graph.node(0).attributes);
  EXPECT_EQ(passes::lower(again).graph.value(again.graph.inputs()[0]).type.dtype, graph::DataType::u8);
}

TEST(Import, TakesNumbersOf16BitsAsFloat32) {
  onnx::ModelProto model = empty_model();
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT16);
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::FLOAT16);
  for (const int64_t extent : {1, 2, 1, 1}) tensor.add_dims(extent);
  for (const int32_t bits : {0x3e00, 0xc000}) tensor.add_int32_data(bits);  // 1.5, -2
  add_node(graph, "Conv", "c", {"x", "w"});
  set_int(add_node(graph, "Cast", "y", {"c"}), "to", onnx::TensorProto::FLOAT);
  std::vector<std::string> notes;
  ImportOptions options;
  options.on_note = [&](const std::string& note) { notes.push_back(note); };
  const graph::Network network = import_onnx(model.SerializeAsString(), "test", options);
  EXPECT_EQ(network.tensors.at("w"), Tensor::of({1, 2, 1, 1}, std::vector<float>{1.5f, -2.0f}));
  EXPECT_EQ(notes,
            std::vector<std::string>{"test: it has real numbers of 16 bits; they are taken as float32"});
}

// Codes of a weight become values only for those who ask for values.
TEST(Import, DequantizedConstantsServeEveryReader) {
  onnx::ModelProto model = empty_model({1, 4});
  onnx::GraphProto& graph = *model.mutable_graph();
  add_codes(graph, "codes", onnx::TensorProto::INT8, {3, 4}, {1, -2, 3, 4, 5, 6, -7, 8, 9, 10, 11, -12});
  add_reals(graph, "scales", {0.5f, 0.25f, 2.0f});
  add_reals(graph, "two", {2.0f});
  set_int(add_node(graph, "DequantizeLinear", "w", {"codes", "scales"}), "axis", 0);
  add_node(graph, "Transpose", "wt", {"w"});
  add_node(graph, "Mul", "doubled", {"wt", "two"});  // for values: the units are several
  add_node(graph, "MatMul", "a", {"x", "wt"});
  add_node(graph, "MatMul", "b", {"x", "doubled"});
  add_node(graph, "Add", "y", {"a", "b"});
  const graph::Network network = read(model);
  std::vector<graph::ValueId> weights;
  for (const graph::Node& node : network.graph.nodes())
    if (node.op == graph::Op::linear) weights.push_back(node.inputs[1]);
  ASSERT_EQ(weights.size(), 2u);
  const graph::Node* coded = network.graph.producer(weights[0]);
  ASSERT_TRUE(coded && coded->op == graph::Op::dequantize) << graph::print(network.graph);
  EXPECT_EQ(network.tensors.at(network.graph.value(coded->inputs[0]).name).as<int8_t>()[11], -12);
  const Tensor& real = network.tensors.at(network.graph.value(weights[1]).name);
  EXPECT_EQ(real, Tensor::of({3, 4}, std::vector<float>{1, -2, 3, 4, 2.5f, 3, -3.5f, 4, 36, 40, 44, -48}));
}

TEST(Import, NamesEveryProblem) {
  onnx::ModelProto model = empty_model();
  onnx::GraphProto& graph = *model.mutable_graph();
  add_node(graph, "Tanh", "a", {"x"});
  add_node(graph, "LeakyRelu", "b", {"a"});
  add_node(graph, "Conv", "c", {"b", "missing"});
  add_node(graph, "Relu", "y", {"c"});
  const std::string problem = problem_of(model);
  EXPECT_TRUE(contains(problem, "node 'a' (Tanh): the operator is not understood")) << problem;
  EXPECT_TRUE(contains(problem, "node 'b' (LeakyRelu): the operator")) << problem;
  EXPECT_TRUE(contains(problem, "'missing' is neither an initializer nor computed")) << problem;
  EXPECT_FALSE(contains(problem, "node 'y'")) << problem;
}

TEST(Import, RefusesWhatCannotBe) {
  const std::pair<std::function<void(onnx::ModelProto&)>, const char*> cases[] = {
      {[](auto& m) { add_node(*m.mutable_graph(), "Relu", "y", {"y"}); }, "'y' is neither an initializer"},
      {[](auto& m) {
         add_node(*m.mutable_graph(), "Relu", "a", {"y"});
         add_node(*m.mutable_graph(), "Relu", "y", {"a"});
       },
       "'y' is neither an initializer"},
      {[](auto&) {}, "output 'y'"},
      {[](auto& m) {
         add_reals(*m.mutable_graph(), "scales", {1.0f, std::nanf("")});
         add_node(*m.mutable_graph(), "Mul", "y", {"x", "scales"});
       },
       "initializer 'scales' holds NaN"},
      {[](auto& m) { m.mutable_opset_import(0)->set_version(3); }, "opset 3"},
      {[](auto& m) { m.mutable_graph()->clear_input(); }, "0 inputs"},
      {[](auto& m) {
         onnx::TensorProto& tensor = *m.mutable_graph()->add_initializer();
         tensor.set_name("w");
         tensor.set_data_type(onnx::TensorProto::FLOAT);
         for (int i = 0; i < 4; ++i) tensor.add_dims(1 << 30);
       },
       "elements"},
      {[](auto& m) {
         onnx::TensorProto& tensor = *m.mutable_graph()->add_initializer();
         tensor.set_name("w");
         tensor.set_data_type(onnx::TensorProto::FLOAT);
         tensor.add_dims(1 << 30);
       },
       "has 1073741824 elements by its shape"},
      {[](auto& m) {
         onnx::TensorProto& tensor = *m.mutable_graph()->add_initializer();
         tensor.set_data_type(onnx::TensorProto::FLOAT);
         tensor.set_data_location(onnx::TensorProto::EXTERNAL);
       },
       "in a file of its own"},
      {[](auto& m) {
         add_integers(*m.mutable_graph(), "pads", {1, 0, 0, 0, 0, 0, 0, 0});
         add_node(*m.mutable_graph(), "Pad", "y", {"x", "pads"});
       },
       "pads the batch"},
  };
  for (const auto& [change, expected] : cases) {
    onnx::ModelProto model = empty_model();
    change(model);
    const std::string problem = problem_of(model);
    EXPECT_NE(problem, "") << expected;
    EXPECT_TRUE(contains(problem, expected)) << problem;
  }
}

// Behind a node that is refused the file itself says what shapes there are.
TEST(Import, LooksBehindABrokenNodeWhereTheFileStatesItsShape) {
  onnx::ModelProto model = empty_model();
  onnx::GraphProto& graph = *model.mutable_graph();
  add_node(graph, "Conv", "a", {"x", "missing"});
  add_node(graph, "Sigmoid", "y", {"a"});
  EXPECT_FALSE(contains(problem_of(model), "Sigmoid")) << problem_of(model);
  onnx::ValueInfoProto& info = *graph.add_value_info();
  info.set_name("a");
  for (const int64_t extent : {1, 4, 7, 7})
    info.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(extent);
  const std::string problem = problem_of(model);
  EXPECT_TRUE(contains(problem, "node 'a' (Conv): 'missing'")) << problem;
  EXPECT_TRUE(contains(problem, "node 'y' (Sigmoid): the operator")) << problem;
}

// Images of 4 channels and 4 columns: the shape alone does not tell that [4] are the columns.
TEST(Import, AConstantOfOneAxisMeetsTheColumnsOfAnImage) {
  const auto problem_with = [](const char* op, std::vector<int64_t> extents) {
    onnx::ModelProto model = empty_model({1, 2, 4, 4});
    onnx::GraphProto& graph = *model.mutable_graph();
    add_floats(graph, "w", {4, 2, 1, 1});
    add_floats(graph, "b", std::move(extents));
    add_node(graph, "Conv", "c", {"x", "w"});
    add_node(graph, op, "y", {"c", "b"});
    return problem_of(model);
  };
  for (const char* op : {"Add", "Sub", "Mul"}) {
    EXPECT_TRUE(contains(problem_with(op, {4}), "a constant for each column of an image is not understood"))
        << problem_with(op, {4});
    EXPECT_EQ(problem_with(op, {4, 1, 1}), "") << op;
    EXPECT_EQ(problem_with(op, {1, 4, 1, 1}), "") << op;
    EXPECT_EQ(problem_with(op, {1}), "") << op;
  }
}

TEST(Import, AConstantOfOneAxisMeetsTheColumnsBehindAGlobalPool) {
  for (const bool is_flat : {false, true}) {
    onnx::ModelProto model = empty_model();
    onnx::GraphProto& graph = *model.mutable_graph();
    add_floats(graph, "b", {2});
    add_node(graph, "GlobalAveragePool", "pool", {"x"});
    if (is_flat) add_node(graph, "Flatten", "flat", {"pool"});
    add_node(graph, "Add", "y", {is_flat ? "flat" : "pool", "b"});
    EXPECT_EQ(contains(problem_of(model), "a constant for each column"), !is_flat) << problem_of(model);
    EXPECT_EQ(problem_of(model).empty(), is_flat) << problem_of(model);
  }
}

TEST(Import, SqueezesOnlyAxesOfExtentOneBehindTheBatch) {
  struct Step {
    const char* op;
    std::vector<int64_t> axes;
  };
  struct Case {
    const char* first;
    std::vector<Step> steps;
    const char* problem;
  };
  const char* const kBatch = "it moves the batch";
  const Case cases[] = {
      {"GlobalAveragePool", {{"Squeeze", {2, 3}}}, ""},
      {"GlobalAveragePool", {{"Squeeze", {-1, -2}}}, ""},
      {"GlobalAveragePool", {{"Squeeze", {3}}, {"Squeeze", {2}}}, ""},
      {"GlobalAveragePool", {{"Squeeze", {1}}}, "it squeezes axis 1, whose extent is 2"},
      {"GlobalAveragePool", {{"Squeeze", {-3}}}, "it squeezes axis 1, whose extent is 2"},
      {"GlobalAveragePool", {{"Squeeze", {-4}}}, kBatch},
      {"GlobalAveragePool", {{"Squeeze", {2, -2}}}, "an axis twice"},
      {"GlobalAveragePool", {{"Squeeze", {4}}}, "axis 4 does not exist"},
      {"GlobalAveragePool", {{"Relu", {}}, {"Squeeze", {2, 3}}}, ""},
      {"GlobalAveragePool", {{"Squeeze", {2, 3}}, {"Squeeze", {1}}}, "it squeezes axis 1"},
      {"Flatten", {{"Unsqueeze", {-3}}}, kBatch},
      {"Flatten", {{"Unsqueeze", {0}}}, kBatch},
      {"Flatten", {{"Unsqueeze", {-1, -2}}, {"Squeeze", {2, 3}}}, ""},
      {"Flatten", {{"Unsqueeze", {1}}, {"Squeeze", {-2}}}, ""},
      {"Flatten", {{"Unsqueeze", {1}}, {"Squeeze", {2}}}, "it squeezes axis 2"},
      {"Flatten", {{"Squeeze", {1}}}, "it squeezes axis 1, whose extent is 98"},
      {"Flatten", {{"Squeeze", {-2}}}, kBatch},
  };
  for (const auto& [first, steps, expected] : cases) {
    onnx::ModelProto model = empty_model();
    onnx::GraphProto& graph = *model.mutable_graph();
    std::string last = "first";
    add_node(graph, first, last, {"x"});
    for (const Step& step : steps) {
      const std::string name = &step == &steps.back() ? "y" : last + "_";
      std::vector<std::string> inputs{last};
      if (!step.axes.empty()) {
        inputs.push_back(name + ".axes");
        add_integers(graph, inputs[1], step.axes);
      }
      add_node(graph, step.op, name, inputs);
      last = name;
    }
    const std::string problem = problem_of(model);
    const auto shown = fmt::format("{} {} {}", first, steps.back().op, fmt::join(steps.back().axes, ","));
    EXPECT_TRUE(*expected == '\0' ? problem.empty() : contains(problem, expected))
        << shown << ": " << problem;
  }
}

TEST(Import, RefusesNumbersThatTheirTypeCannotHold) {
  const auto problem_with = [](int type, int32_t entry) {
    onnx::ModelProto model = empty_model();
    onnx::GraphProto& graph = *model.mutable_graph();
    onnx::TensorProto& tensor = *graph.add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(type);
    tensor.add_dims(1);
    if (type == onnx::TensorProto::DOUBLE)
      tensor.add_double_data(std::ldexp(1.0, entry));
    else
      tensor.add_int32_data(entry);
    add_node(graph, "Relu", "y", {"x"});
    return problem_of(model);
  };
  const std::tuple<int, int32_t, int32_t> cases[] = {
      {onnx::TensorProto::INT8, 127, 128},      {onnx::TensorProto::INT8, -128, -129},
      {onnx::TensorProto::UINT8, 255, 300},     {onnx::TensorProto::UINT8, 0, -1},
      {onnx::TensorProto::BOOL, 1, 256},        {onnx::TensorProto::FLOAT16, 65535, 65536},
      {onnx::TensorProto::BFLOAT16, 65535, -1}, {onnx::TensorProto::DOUBLE, 127, 128},
  };
  for (const auto& [type, held, refused] : cases) {
    EXPECT_EQ(problem_with(type, held), "") << type;
    EXPECT_TRUE(contains(problem_with(type, refused), "tensor 'w' has the entry ")) << type;
  }
}

TEST(Import, AFewBytesCannotTakeMuchMemory) {
  onnx::ModelProto model = empty_model();
  onnx::GraphProto& graph = *model.mutable_graph();
  add_integers(graph, "shape", {1 << 20, 2, 30, 30});
  add_node(graph, "ConstantOfShape", "w", {"shape"});
  add_node(graph, "Conv", "y", {"x", "w"});
  EXPECT_TRUE(contains(problem_of(model), "makes more numbers out of its own than it may"))
      << problem_of(model);
}

graph::Network small() {
  graph::Network network{graph::parse(R"(graph small
input image: f32[N,2,6,6]
param conv.weight: f32[3,2,3,3]
param alpha: f32[]
param fc.weight: f32[4,3]
pixels: f32[N,2,6,6] = normalize(image) mean=[125.0,123.5] std=[64.0,63.1]
wq: f32[3,2,3,3] = quant(conv.weight) bits=4 grid=odd scheme=sawb
conv: f32[N,3,6,6] = conv2d(pixels, wq) pads=[1,1,1,1]
relu: f32[N,3,6,6] = relu(conv)
q: f32[N,3,6,6] = quant(relu, alpha) bits=3 grid=unsigned scheme=pact
pool: f32[N,3] = global_avg_pool(q)
fq: f32[4,3] = quant(fc.weight) bits=8 grid=odd scheme=sawb
fc: f32[N,4] = linear(pool, fq)
output fc
)",
                                      "test"),
                         {}};
  Random random(1);
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter) continue;
    Tensor tensor = Tensor::zeros(value.type.dtype, value.type.shape);
    for (float& each : tensor.as<float>()) each = static_cast<float>(random.uniform()) - 0.4f;
    network.tensors[value.name] = std::move(tensor);
  }
  network.tensors.at("alpha").as<float>()[0] = 1.7f;
  return network;
}

TEST(Import, EveryTruncationIsAnError) {
  const std::string bytes = export_onnx(small(), {});
  ASSERT_EQ(caught([&] { import_onnx(bytes, "test", {}); }), "");
  for (size_t length = 0; length < bytes.size(); ++length) {
    std::string problem;
    try {
      const graph::Network network = import_onnx(std::string_view(bytes).substr(0, length), "test", {});
      // Between the entries of the metadata a cut cannot be told from an end.
      EXPECT_EQ(network.graph.nodes().size(), 8u) << length;
      EXPECT_GT(length, bytes.size() - 128);
    } catch (const Error& error) {
      problem = error.what();
      EXPECT_FALSE(problem.empty());
    }
  }
}

TEST(Import, FlippedBytesNeverCrash) {
  const ExportOptions forms[] = {{}, {.storage = Storage::packed}, {.format = Format::qonnx}};
  Random random(7);
  for (const ExportOptions& form : forms) {
    const std::string bytes = export_onnx(small(), form);
    for (int round = 0; round < 3000; ++round) {
      std::string broken = bytes;
      for (uint64_t i = 0; i <= random.below(4); ++i)
        broken[random.below(broken.size())] = static_cast<char>(random.below(256));
      caught([&] { import_onnx(broken, "test", {}); });  // anything but an Error would leave the test
    }
  }
}

}  // namespace
}  // namespace pact::onnx_io
