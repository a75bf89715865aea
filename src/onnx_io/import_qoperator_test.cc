// Files of operators on codes become the graphs of their form with QuantizeLinear and DequantizeLinear.
#include <gtest/gtest.h>

#include "base/caught.h"
#include "graph/text.h"
#include "onnx_io/import.h"
#include "onnx_io/models_for_tests.h"

namespace pact::onnx_io {
namespace {

constexpr int kInt8 = onnx::TensorProto::INT8, kUint8 = onnx::TensorProto::UINT8,
              kInt32 = onnx::TensorProto::INT32;

graph::Network read(const onnx::ModelProto& model) {
  return import_onnx(model.SerializeAsString(), "test", {});
}

std::vector<int32_t> codes(int64_t count, int32_t least, int32_t most) {
  std::vector<int32_t> result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back(least + static_cast<int32_t>(i * 37 % (most - least + 1)));
  return result;
}

// The numbers of both forms. A scale `s.x` and a zero point `z.x` belong to the codes of x.
onnx::ModelProto with_numbers() {
  onnx::ModelProto model = empty_model({1, 2, 8, 8});
  onnx::GraphProto& graph = *model.mutable_graph();
  add_codes(graph, "w", kInt8, {4, 2, 3, 3}, codes(72, -127, 127));
  add_reals(graph, "s.w", {0.01f, 0.02f, 0.03f, 0.005f});
  add_codes(graph, "z.w", kInt8, {4}, {0, 0, 0, 0});
  add_codes(graph, "b", kInt32, {4}, {100, -2000, 0, 7});
  add_codes(graph, "v", kInt8, {4, 3}, codes(12, -100, 100));  // [inputs, outputs], a scale for each output
  add_reals(graph, "s.v", {0.125f, 0.25f, 0.1f});
  add_codes(graph, "z.v", kInt8, {3}, {0, 0, 0});
  add_codes(graph, "bv", kInt32, {3}, {5, -6, 70});
  const std::pair<const char*, std::pair<float, int>> activations[] = {
      {"x", {0.0157f, 128}}, {"c", {0.02f, 0}}, {"a", {0.04f, 3}}, {"g", {0.03f, 5}}, {"l", {0.5f, 128}}};
  for (const auto& [name, grid] : activations) {
    add_reals(graph, std::string("s.") + name, {grid.first});
    add_codes(graph, std::string("z.") + name, kUint8, {}, {grid.second});
  }
  return model;
}

void quantize(onnx::GraphProto& graph, const std::string& output, const std::string& input,
              const std::string& name) {
  add_node(graph, "QuantizeLinear", output, {input, "s." + name, "z." + name});
}
void dequantize(onnx::GraphProto& graph, const std::string& output, const std::string& input,
                const std::string& name) {
  add_node(graph, "DequantizeLinear", output, {input, "s." + name, "z." + name});
}

onnx::ModelProto operators_on_codes() {
  onnx::ModelProto model = with_numbers();
  onnx::GraphProto& graph = *model.mutable_graph();
  quantize(graph, "xq", "x", "x");
  set_ints(add_node(graph, "QLinearConv", "cq", {"xq", "s.x", "z.x", "w", "s.w", "z.w", "s.c", "z.c", "b"}),
           "pads", {1, 1, 1, 1});
  const auto of_runtime = [](onnx::NodeProto& node) { node.set_domain("com.microsoft"); };
  of_runtime(add_node(graph, "QLinearAdd", "aq", {"cq", "s.c", "z.c", "cq", "s.c", "z.c", "s.a", "z.a"}));
  set_ints(add_node(graph, "MaxPool", "mq", {"aq"}), "kernel_shape", {2, 2});
  of_runtime(add_node(graph, "QLinearGlobalAveragePool", "gq", {"mq", "s.a", "z.a", "s.g", "z.g"}));
  add_node(graph, "Flatten", "fq", {"gq"});
  of_runtime(add_node(graph, "QGemm", "lq", {"fq", "s.g", "z.g", "v", "s.v", "z.v", "bv", "s.l", "z.l"}));
  dequantize(graph, "y", "lq", "l");
  return model;
}

onnx::ModelProto operators_between_quantizers() {
  onnx::ModelProto model = with_numbers();
  onnx::GraphProto& graph = *model.mutable_graph();
  const auto along = [](onnx::NodeProto& node, int64_t axis) { set_int(node, "axis", axis); };
  // float32, as the runtime multiplies them
  add_reals(graph, "s.b", {0.0157f * 0.01f, 0.0157f * 0.02f, 0.0157f * 0.03f, 0.0157f * 0.005f});
  add_reals(graph, "s.bv", {0.03f * 0.125f, 0.03f * 0.25f, 0.03f * 0.1f});
  quantize(graph, "xq", "x", "x");
  dequantize(graph, "xd", "xq", "x");
  along(add_node(graph, "DequantizeLinear", "wd", {"w", "s.w", "z.w"}), 0);
  along(add_node(graph, "DequantizeLinear", "bd", {"b", "s.b"}), 0);
  set_ints(add_node(graph, "Conv", "c", {"xd", "wd", "bd"}), "pads", {1, 1, 1, 1});
  quantize(graph, "cq", "c", "c");
  dequantize(graph, "cd", "cq", "c");
  add_node(graph, "Add", "a", {"cd", "cd"});
  quantize(graph, "aq", "a", "a");
  dequantize(graph, "ad", "aq", "a");
  set_ints(add_node(graph, "MaxPool", "m", {"ad"}), "kernel_shape", {2, 2});
  quantize(graph, "mq", "m", "a");
  dequantize(graph, "md", "mq", "a");
  add_node(graph, "GlobalAveragePool", "g", {"md"});
  quantize(graph, "gq", "g", "g");
  dequantize(graph, "gd", "gq", "g");
  add_node(graph, "Flatten", "f", {"gd"});
  quantize(graph, "fq", "f", "g");
  dequantize(graph, "fd", "fq", "g");
  along(add_node(graph, "DequantizeLinear", "vd", {"v", "s.v", "z.v"}), 1);
  along(add_node(graph, "DequantizeLinear", "bvd", {"bv", "s.bv"}), 0);
  add_node(graph, "Gemm", "l", {"fd", "vd", "bvd"});
  quantize(graph, "lq", "l", "l");
  dequantize(graph, "y", "lq", "l");
  return model;
}

// With values named by their place.
graph::Network renamed(const graph::Network& network) {
  graph::Network result;
  const auto name_of = [](graph::ValueId id) { return "v" + std::to_string(id); };
  for (graph::ValueId id = 0; id < std::ssize(network.graph.values()); ++id) {
    const graph::Value& value = network.graph.value(id);
    if (const graph::Node* node = network.graph.producer(id)) {
      result.graph.add_node(node->op, name_of(id), node->inputs, node->attributes);
      continue;
    }
    result.graph.add_source(value.kind, name_of(id), value.type);
    if (value.kind != graph::ValueKind::input) result.tensors[name_of(id)] = network.tensors.at(value.name);
  }
  for (const graph::ValueId output : network.graph.outputs()) result.graph.add_output(output);
  return result;
}

TEST(ImportQOperator, BecomesTheGraphOfItsOtherForm) {
  const graph::Network on_codes = renamed(read(operators_on_codes()));
  const graph::Network between = renamed(read(operators_between_quantizers()));
  EXPECT_EQ(graph::print(on_codes.graph), graph::print(between.graph));
  EXPECT_EQ(on_codes.tensors, between.tensors);
  int weights = 0;
  for (const graph::Node& node : on_codes.graph.nodes()) weights += node.op == graph::Op::dequantize;
  EXPECT_EQ(weights, 2);
}

TEST(ImportQOperator, ReadsMatricesWithAScaleForEachColumn) {
  onnx::ModelProto model = empty_model({1, 4});
  onnx::GraphProto& graph = *model.mutable_graph();
  add_codes(graph, "v", kInt8, {4, 3}, codes(12, -100, 100));
  add_reals(graph, "s.v", {0.125f, 0.25f, 0.5f});
  add_codes(graph, "z.v", kInt8, {3}, {0, 0, 0});
  add_reals(graph, "s", {0.5f});
  add_codes(graph, "z", kUint8, {}, {7});
  add_node(graph, "QuantizeLinear", "xq", {"x", "s", "z"});
  add_node(graph, "QLinearMatMul", "yq", {"xq", "s", "z", "v", "s.v", "z.v", "s", "z"});
  add_node(graph, "DequantizeLinear", "y", {"yq", "s", "z"});
  const graph::Network network = read(model);
  for (const graph::Node& node : network.graph.nodes()) {
    if (node.op != graph::Op::dequantize) continue;
    const graph::Tensor& steps = network.tensors.at(network.graph.value(node.inputs[1]).name);
    EXPECT_EQ(steps, graph::Tensor::of({3}, std::vector<float>{0.125f, 0.25f, 0.5f}));
    const graph::Tensor& weight = network.tensors.at(network.graph.value(node.inputs[0]).name);
    EXPECT_EQ(weight.shape, (graph::Shape{3, 4}));
    EXPECT_EQ(weight.as<int8_t>()[1], static_cast<int8_t>(codes(12, -100, 100)[3]));  // [1, 0] of the file
    return;
  }
  FAIL() << graph::print(network.graph);
}

TEST(ImportQOperator, RefusesInWords) {
  const auto problem_of = [](const onnx::ModelProto& model) { return caught([&] { read(model); }); };
  onnx::ModelProto other_scale = operators_on_codes();
  other_scale.mutable_graph()->mutable_node(2)->set_input(1, "s.a");
  EXPECT_PRED2(contains, problem_of(other_scale), "(QLinearAdd): its scale and zero point are not those");
  onnx::ModelProto unknown = operators_on_codes();
  unknown.mutable_graph()->mutable_node(2)->set_op_type("QLinearSigmoid");
  EXPECT_PRED2(contains, problem_of(unknown), "(QLinearSigmoid): operator of the domain 'com.microsoft'");
  onnx::ModelProto missing = operators_on_codes();
  missing.mutable_graph()->mutable_node(1)->mutable_input()->DeleteSubrange(3, 6);
  EXPECT_PRED2(contains, problem_of(missing), "(QLinearConv): ");
  onnx::ModelProto last = operators_on_codes();
  last.mutable_graph()->mutable_output(0)->set_name("lq");
  EXPECT_PRED2(contains, problem_of(last), "'lq' are codes");
}

}  // namespace
}  // namespace pact::onnx_io
