#include "onnx_io/import.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/caught.h"
#include "base/random.h"
#include "graph/text.h"
#include "onnx_io/export.h"
#include "onnx_io/proto.h"

namespace pact::onnx_io {
namespace {

using graph::Tensor;

void add_floats(onnx::GraphProto& graph, const std::string& name, std::vector<int64_t> shape) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t extent : shape) tensor.add_dims(extent);
  for (int64_t i = 0; i < graph::element_count(shape); ++i)
    tensor.add_float_data(0.25f * static_cast<float>(i % 7) - 0.5f);
}

void add_integers(onnx::GraphProto& graph, const std::string& name, const std::vector<int64_t>& values) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<int64_t>(values.size()));
  for (const int64_t value : values) tensor.add_int64_data(value);
}

onnx::NodeProto& add_node(onnx::GraphProto& graph, const char* op, const std::string& output,
                          const std::vector<std::string>& inputs) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

void set_ints(onnx::NodeProto& node, const char* name, const std::vector<int64_t>& values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

void set_word(onnx::NodeProto& node, const char* name, const char* value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(value);
}

onnx::ModelProto empty_model(std::vector<int64_t> extents = {1, 2, 7, 7}) {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.add_opset_import()->set_version(13);
  onnx::ValueInfoProto& input = *model.mutable_graph()->add_input();
  input.set_name("x");
  input.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  for (const int64_t extent : extents)
    input.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(extent);
  model.mutable_graph()->add_output()->set_name("y");
  return model;
}

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

// As many columns as channels: only the number of axes tells them apart.
TEST(Import, KnowsColumnsFromChannels) {
  const auto problem = [](std::vector<int64_t> shape) {
    onnx::ModelProto model = empty_model({1, 2, 4, 4});
    add_floats(*model.mutable_graph(), "w", {4, 2, 1, 1});
    add_floats(*model.mutable_graph(), "term", std::move(shape));
    add_node(*model.mutable_graph(), "Conv", "c", {"x", "w"});
    add_node(*model.mutable_graph(), "Add", "y", {"c", "term"});
    return problem_of(model);
  };
  EXPECT_NE(problem({4}).find("each column of an image"), std::string::npos);
  EXPECT_EQ(problem({4, 1, 1}), "");
  EXPECT_EQ(problem({1, 4, 1, 1}), "");
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

TEST(Import, AFewBytesCannotTakeMuchMemory) {
  onnx::ModelProto model = empty_model();
  onnx::GraphProto& graph = *model.mutable_graph();
  add_integers(graph, "shape", {1 << 20, 2, 30, 30});
  add_node(graph, "ConstantOfShape", "w", {"shape"});
  add_node(graph, "Conv", "y", {"x", "w"});
  EXPECT_TRUE(contains(problem_of(model), "makes more numbers out of its own than it may")) << problem_of(model);
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
