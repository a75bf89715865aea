#include "graph/graph.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/caught.h"
#include "graph/validity.h"

namespace pact::graph {
namespace {

TEST(Graph, Builds) {
  Graph graph("tiny");
  const ValueId x = graph.add_input("x", {DataType::f32, {kBatch, 3, 8, 8}});
  const ValueId weight = graph.add_parameter("conv.weight", {DataType::f32, {4, 3, 3, 3}});
  const ValueId conv =
      graph.add_node(Op::conv2d, "conv", {x, weight}, {{"strides", std::vector<int64_t>{2, 2}}});
  const ValueId relu = graph.add_node(Op::relu, "relu", {conv});
  const ValueId sum = graph.add_node(Op::add, "sum", {conv, relu});
  graph.add_output(sum);

  EXPECT_EQ(to_string(graph.value(sum).type), "f32[N,4,3,3]");
  EXPECT_EQ(graph.inputs(), std::vector<ValueId>{x});
  EXPECT_EQ(graph.outputs(), std::vector<ValueId>{sum});
  EXPECT_EQ(graph.find("relu"), relu);
  EXPECT_EQ(graph.find("none"), std::nullopt);
  EXPECT_EQ(graph.consumers(conv), (std::vector<NodeId>{1, 2}));
  EXPECT_EQ(graph.producer(weight), nullptr);
  EXPECT_EQ(graph.producer(sum)->name, "sum");
  EXPECT_EQ(graph.value(weight).kind, ValueKind::parameter);
  EXPECT_TRUE(find_problems(graph).empty());
}

TEST(Graph, CompletesAttributes) {
  Graph graph;
  const ValueId x = graph.add_input("x", {DataType::f32, {1, 1, 4, 4}});
  const ValueId pooled = graph.add_node(Op::avg_pool, "pool", {x}, {{"kernel", std::vector<int64_t>{2, 2}}});
  const Node& node = *graph.producer(pooled);
  EXPECT_EQ(node.integers("strides"), (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(node.integer("count_include_pad"), 1);
}

TEST(Graph, AccessorsNameWhatIsMissing) {
  Node node;
  node.op = Op::quant;
  node.name = "q";
  node.attributes = {{"bits", int64_t{4}}, {"scheme", "pact"}};
  EXPECT_EQ(node.integer("bits"), 4);
  EXPECT_EQ(node.word("scheme"), "pact");
  EXPECT_EQ(caught([&] { node.reals("mean"); }), "node 'q' (quant) has no attribute 'mean'");
  EXPECT_EQ(caught([&] { node.real("bits"); }),
            "attribute 'bits' of node 'q' (quant) is an integer, not a real");
  try {
    node.word("bits");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::internal);
  }
}

TEST(Graph, RefusesNames) {
  Graph graph;
  const TensorType type{DataType::f32, {2}};
  graph.add_input("x", type);
  for (const std::string& name : {std::string(), std::string("1x"), std::string("a b"), std::string("a/b"),
                                  std::string(".a"), std::string("a\n"), std::string(256, 'a')}) {
    EXPECT_TRUE(contains(caught([&] { graph.add_input(name, type); }), "is no name")) << name;
  }
  EXPECT_TRUE(contains(caught([&] { graph.add_buffer("x", type); }), "'x' is taken"));
  EXPECT_TRUE(contains(caught([&] { graph.add_node(Op::relu, "x", {0}); }), "'x' is taken"));
  EXPECT_THROW(Graph("a b"), Error);
  EXPECT_EQ(Graph("resnet20-w4a4_1.0").name(), "resnet20-w4a4_1.0");
}

TEST(Graph, RefusesTypes) {
  Graph graph;
  EXPECT_THROW(graph.add_parameter("w", {DataType::f32, {kBatch, 2}}), Error);
  EXPECT_THROW(graph.add_buffer("w", {DataType::f32, {kBatch}}), Error);
  EXPECT_THROW(graph.add_input("x", {DataType::f32, {2, kBatch}}), Error);
  EXPECT_THROW(graph.add_input("x", {DataType::f32, {0}}), Error);
  EXPECT_THROW(graph.add_input("x", {DataType::f32, {kMaxExtent + 1}}), Error);
  EXPECT_THROW(graph.add_input("x", {DataType::f32, Shape(9, 1)}), Error);
  EXPECT_THROW(graph.add_input("x", {DataType::f32, {kMaxExtent, kMaxExtent}}), Error);
  EXPECT_TRUE(graph.values().empty());
}

TEST(Graph, StaysAsItWasWhenItRefuses) {
  Graph graph;
  const ValueId x = graph.add_input("x", {DataType::f32, {2, 3}});
  const Graph before = graph;
  EXPECT_EQ(caught([&] { graph.add_node(Op::relu, "r", {7}); }), "node 'r' (relu): input 7 does not exist");
  EXPECT_EQ(caught([&] { graph.add_node(Op::relu, "r", {-1}); }), "node 'r' (relu): input -1 does not exist");
  EXPECT_TRUE(contains(caught([&] {
                         graph.add_node(Op::conv2d, "c", {x, x});
                       }),
                       "node 'c' (conv2d): x is [2,3]"));
  EXPECT_THROW(graph.add_output(3), Error);
  EXPECT_EQ(graph, before);
  graph.add_output(x);
  EXPECT_THROW(graph.add_output(x), Error);
  EXPECT_NE(graph, before);
}

TEST(Attributes, Print) {
  EXPECT_EQ(to_string(Attribute(int64_t{-3})), "-3");
  EXPECT_EQ(to_string(Attribute(1.0)), "1.0");
  EXPECT_EQ(to_string(Attribute(-0.0)), "-0.0");
  EXPECT_EQ(to_string(Attribute(1e-5)), "1e-05");
  EXPECT_EQ(to_string(Attribute(1e300)), "1e+300");
  EXPECT_EQ(to_string(Attribute(0.1)), "0.1");
  EXPECT_EQ(to_string(Attribute("pact")), "pact");
  EXPECT_EQ(to_string(Attribute(std::vector<int64_t>{1, 2})), "[1,2]");
  EXPECT_EQ(to_string(Attribute(std::vector<double>{1.0, 0.25})), "[1.0,0.25]");
  EXPECT_EQ(to_string(Attribute(std::numeric_limits<double>::quiet_NaN())), "nan");
}

TEST(Op, NamesReadBack) {
  EXPECT_EQ(op_of(name_of(Op::global_avg_pool)), Op::global_avg_pool);
  EXPECT_TRUE(contains(caught([] { op_of("conv2"); }), "did you mean 'conv2d'?"));
}

}  // namespace
}  // namespace pact::graph
