// Dilated pools in files: what windows they become, and that they are written as they were read.
#include <gtest/gtest.h>

#include "base/caught.h"
#include "graph/text.h"
#include "onnx_io/export.h"
#include "onnx_io/import.h"
#include "onnx_io/models_for_tests.h"

namespace pact::onnx_io {
namespace {

using graph::Node;
using Integers = std::vector<int64_t>;

// x of 7 x 7 pixels through a pool of 2 x 3 elements.
onnx::ModelProto pool_model(const char* op, const Integers& dilations) {
  onnx::ModelProto model = empty_model();
  onnx::NodeProto& pool = add_node(*model.mutable_graph(), op, "y", {"x"});
  set_ints(pool, "kernel_shape", {2, 3});
  set_ints(pool, "dilations", dilations);
  return model;
}

onnx::NodeProto& pool_of(onnx::ModelProto& model) { return *model.mutable_graph()->mutable_node(0); }

graph::Network read(const onnx::ModelProto& model) {
  return import_onnx(model.SerializeAsString(), "test", {});
}

const Node& last_node(const graph::Network& network) {
  return *network.graph.producer(network.graph.outputs()[0]);
}

const graph::Shape& shape_of_output(const graph::Network& network) {
  return network.graph.value(network.graph.outputs()[0]).type.shape;
}

TEST(ImportPool, KeepsDilations) {
  for (const char* op : {"MaxPool", "AveragePool"}) {
    const graph::Network network = read(pool_model(op, {3, 2}));
    EXPECT_EQ(last_node(network).integers("dilations"), (Integers{3, 2}));
    EXPECT_EQ(shape_of_output(network), (graph::Shape{graph::kBatch, 2, 4, 3}));
  }
}

TEST(ImportPool, PadsToTheSameSizeByTheReachOfTheWindow) {
  onnx::ModelProto model = pool_model("MaxPool", {3, 2});
  set_word(pool_of(model), "auto_pad", "SAME_UPPER");
  const graph::Network network = read(model);
  EXPECT_EQ(last_node(network).integers("pads"), (Integers{1, 2, 2, 2}));
  EXPECT_EQ(shape_of_output(network), (graph::Shape{graph::kBatch, 2, 7, 7}));
}

// Windows of 4 x 5 pixels begin at rows 0, 2 and, reaching 1 beyond the end, 4; at columns 0 and 2 without
// rest.
TEST(ImportPool, RoundsUpByTheReachOfTheWindow) {
  onnx::ModelProto model = pool_model("MaxPool", {3, 2});
  set_ints(pool_of(model), "strides", {2, 2});
  set_int(pool_of(model), "ceil_mode", 1);
  const graph::Network network = read(model);
  EXPECT_EQ(last_node(network).integers("pads"), (Integers{0, 0, 1, 0}));
  EXPECT_EQ(shape_of_output(network), (graph::Shape{graph::kBatch, 2, 3, 2}));
}

TEST(ImportPool, RefusesWindowsThatDoNotFit) {
  EXPECT_TRUE(contains(caught([] {
                         read(pool_model("MaxPool", {7, 1}));
                       }),
                       "a window of 8 does not fit into 7"));
  EXPECT_NE(caught([] { read(pool_model("MaxPool", {0, 1})); }), "");
}

// AveragePool has dilations from opset 19 on.
TEST(ImportPool, IsWrittenAsItWasRead) {
  for (const char* op : {"MaxPool", "AveragePool"})
    for (const Format format : {Format::qcdq, Format::qonnx})
      for (const Integers& dilations : {Integers{1, 1}, Integers{2, 3}}) {
        const graph::Network network = read(pool_model(op, dilations));
        const std::string bytes = export_onnx(network, {.format = format});
        const graph::Network again = import_onnx(bytes, "test", {});
        EXPECT_EQ(last_node(again).attributes, last_node(network).attributes) << graph::print(again.graph);
        onnx::ModelProto written;
        ASSERT_TRUE(written.ParseFromString(bytes));
        const bool needs_19 = op == std::string("AveragePool") && dilations[0] > 1;
        EXPECT_EQ(written.opset_import(0).version() >= 19, needs_19) << op;
        EXPECT_EQ(written.ir_version() >= 9, needs_19) << op;
      }
}

}  // namespace
}  // namespace pact::onnx_io
