#include "graph/verify.h"

#include <gtest/gtest.h>

#include "base/caught.h"
#include "base/strings.h"
#include "graph/text.h"

namespace pact::graph {
namespace {

constexpr std::string_view kSound = R"(graph small
input x: f32[N,3,8,8]
param w: f32[4,3,3,3]
buffer unused: i8[7]
conv: f32[N,4,8,8] = conv2d(x, w) pads=[1,1,1,1]
relu: f32[N,4,8,8] = relu(conv)
sum: f32[N,4,8,8] = add(relu, conv)
output sum
)";
enum : ValueId { kX, kW, kUnused, kConv, kRelu, kSum };

// A graph taken apart, to be broken.
struct OpenGraph {
  std::vector<Node> nodes;
  std::vector<Value> values;
  std::vector<ValueId> inputs, outputs;

  OpenGraph() {
    const Graph graph = parse(kSound, "test");
    nodes = graph.nodes(), values = graph.values(), inputs = graph.inputs(), outputs = graph.outputs();
  }

  // All problems, one a line.
  std::string problems() const {
    return join(find_problems(GraphParts{nodes, values, inputs, outputs}), "\n");
  }
};

TEST(Verify, FindsNothingInASoundGraph) {
  EXPECT_EQ(OpenGraph().problems(), "");
  EXPECT_NO_THROW(verify(parse(kSound, "test")));
}

TEST(Verify, FindsWhatBuildingAllows) {
  Graph graph("half");
  const ValueId x = graph.add_input("x", {DataType::f32, {2}});
  graph.add_node(Op::relu, "dead", {x});
  const std::vector<std::string> expected = {
      "the graph: it has no outputs", "node 'dead' (relu): nothing uses its value, and it is no output"};
  EXPECT_EQ(find_problems(graph), expected);
  EXPECT_EQ(caught([&] { verify(graph); }),
            "the graph half is not sound:\n  " + expected[0] + "\n  " + expected[1]);
}

TEST(Verify, Values) {
  OpenGraph open;
  open.values[kW].name = "a b";
  open.values[kUnused].name = "x";
  open.values[kUnused].type.shape = {kBatch, 0};
  open.values[kUnused].producer = 1;
  open.values[kX].type.dtype = DataType::u8;
  EXPECT_EQ(open.problems(),
            "param 'a b': the name is malformed\n"
            "buffer 'x': the name is taken twice\n"
            "buffer 'x': type i8[N,0] has an open batch, which a buffer cannot have\n"
            "buffer 'x': a node claims to compute it\n"
            "node 'conv' (conv2d): x is u8[N,3,8,8], it must be f32");
}

TEST(Verify, Producers) {
  OpenGraph open;
  open.values[kConv].producer = kNoNode;
  open.values[kRelu].producer = 9;
  open.values[kSum].producer = 0;
  const std::string problems = open.problems();
  EXPECT_TRUE(contains(problems, "activation 'conv': no node computes it")) << problems;
  EXPECT_TRUE(contains(problems, "activation 'relu': its producer 9 does not exist")) << problems;
  EXPECT_TRUE(contains(problems, "activation 'sum': its producer 'conv' computes another value")) << problems;
  EXPECT_TRUE(contains(problems, "node 'conv' (conv2d): its value 'conv' does not name it as producer"))
      << problems;
}

TEST(Verify, Order) {
  OpenGraph open;
  std::swap(open.nodes[0], open.nodes[1]);
  open.values[kConv].producer = 1;
  open.values[kRelu].producer = 0;
  EXPECT_EQ(open.problems(), "node 'relu' (relu): it runs before its input 'conv'");
  open = OpenGraph();
  open.nodes[1].inputs = {kRelu};
  EXPECT_EQ(open.problems(), "node 'relu' (relu): it runs before its input 'relu'");
}

TEST(Verify, Nodes) {
  OpenGraph open;
  open.nodes[0].attributes.erase("groups");
  open.nodes[1].name = "other";
  open.nodes[2].inputs = {kRelu, 17};
  EXPECT_EQ(open.problems(),
            "node 'conv' (conv2d): its attributes are not complete\n"
            "node 'other' (relu): its value has another name, 'relu'\n"
            "node 'sum' (add): its input 17 does not exist");
  open = OpenGraph();
  open.nodes[0].attributes["strides"] = std::vector<int64_t>{2, 2};
  EXPECT_EQ(open.problems(),
            "node 'conv' (conv2d): its value has type f32[N,4,8,8], its rule yields f32[N,4,4,4]");
  open = OpenGraph();
  open.nodes[2].output = -5;
  EXPECT_TRUE(contains(open.problems(), "node 'sum' (add): its value -5 does not exist"));
}

TEST(Verify, InputsAndOutputs) {
  OpenGraph open;
  open.inputs = {kW, -2};
  open.outputs = {kRelu, kRelu, 30};
  EXPECT_EQ(open.problems(),
            "param 'w': it is listed as an input\n"
            "the graph: its input -2 does not exist\n"
            "input 'x': it is missing in the list of inputs\n"
            "output 'relu': it is listed twice\n"
            "the graph: its output 30 does not exist\n"
            "node 'sum' (add): nothing uses its value, and it is no output");
  open = OpenGraph();
  open.inputs = {kX, kX};
  EXPECT_EQ(open.problems(), "input 'x': it is listed twice");
}

TEST(Verify, Tensors) {
  Network network{parse(kSound, "test"), {}};
  network.tensors["w"] = Tensor::zeros(DataType::f32, {4, 3, 3, 3});
  network.tensors["unused"] = Tensor::zeros(DataType::i8, {7});
  EXPECT_NO_THROW(verify(network));

  network.tensors["unused"].bytes.pop_back();
  network.tensors["w"].type = DataType::i32;
  network.tensors["x"] = Tensor::zeros(DataType::f32, {1});
  const std::vector<std::string> expected = {"param 'w': its tensor is i32[4,3,3,3], it must be f32[4,3,3,3]",
                                             "buffer 'unused': its tensor holds 6 bytes, i8[7] takes 7",
                                             "tensor 'x': no parameter or buffer has this name"};
  EXPECT_EQ(find_problems(network), expected);
  network.tensors.clear();
  EXPECT_EQ(find_problems(network).size(), 2u);
  EXPECT_TRUE(contains(caught([&] { verify(network); }), "param 'w': its tensor is missing"));
}

}  // namespace
}  // namespace pact::graph
