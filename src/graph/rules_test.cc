// Each rule: the type it yields and what it refuses, on nodes in text form over a common stock of values.
#include "graph/rules.h"

#include <gtest/gtest.h>

#include "base/caught.h"
#include "graph/text.h"

namespace pact::graph {
namespace {

constexpr std::string_view kStock = R"(
input x: f32[N,4,8,8]
input one: f32[1,4,8,8]
input bytes: u8[N,4,8,8]
input flat: f32[N,10]
input line: f32[N]
param w: f32[6,4,3,3]
param w1: f32[4,1,3,3]
param w2: f32[6,2,1,1]
param m: f32[5,10]
param c4: f32[4]
param c5: f32[5]
param c6: f32[6]
param scalar: f32[]
input sums: i32[N,4,8,8]
input codes: i8[N,4,8,8]
param m4: i16[4]
param b4: i64[4]
param s4: u8[4]
param m1: i16[1]
param b1: i64[1]
param s1: u8[1]
)";

// Adds the node, declared with `type`, to the stock.
Graph with_node(const std::string& type, const std::string& application) {
  return parse(std::string(kStock) + "y: " + type + " = " + application, "test");
}

struct Case {
  const char* application;
  const char* expected;
};

TEST(Rules, Infer) {
  const Case table[] = {
      {"normalize(x) mean=[0.0,1.0,2.0,3.0] std=[1.0,1.0,1.0,0.5]", "f32[N,4,8,8]"},
      {"conv2d(x, w)", "f32[N,6,6,6]"},
      {"conv2d(one, w)", "f32[1,6,6,6]"},
      {"conv2d(x, w, c6) pads=[1,1,1,1]", "f32[N,6,8,8]"},
      {"conv2d(x, w) pads=[1,0,2,0] strides=[2,3]", "f32[N,6,5,2]"},
      {"conv2d(x, w) dilations=[2,3]", "f32[N,6,4,2]"},
      {"conv2d(x, w1) groups=4", "f32[N,4,6,6]"},
      {"conv2d(x, w2) groups=2", "f32[N,6,8,8]"},
      {"batch_norm(x, c4, c4, c4, c4)", "f32[N,4,8,8]"},
      {"relu(flat)", "f32[N,10]"},
      {"add(x, x)", "f32[N,4,8,8]"},
      {"quant(x) scheme=minmax bits=8 grid=symmetric", "f32[N,4,8,8]"},
      {"quant(x, scalar) scheme=pact bits=1 grid=unsigned", "f32[N,4,8,8]"},
      {"quant(w) scheme=dorefa bits=1 grid=odd", "f32[6,4,3,3]"},
      {"max_pool(x) kernel=[2,2] strides=[2,2]", "f32[N,4,4,4]"},
      {"max_pool(x) kernel=[3,3] pads=[1,1,1,1] strides=[2,2]", "f32[N,4,4,4]"},
      {"max_pool(x) kernel=[3,2] dilations=[3,2]", "f32[N,4,2,6]"},
      {"max_pool(x) kernel=[2,2] dilations=[8,3] pads=[7,0,0,3]", "f32[N,4,7,8]"},
      {"avg_pool(x) kernel=[8,4] count_include_pad=0", "f32[N,4,1,5]"},
      {"avg_pool(x) kernel=[2,2] dilations=[1,7]", "f32[N,4,7,1]"},
      {"global_avg_pool(x)", "f32[N,4]"},
      {"flatten(x)", "f32[N,256]"},
      {"linear(flat, m)", "f32[N,5]"},
      {"linear(flat, m, c5)", "f32[N,5]"},
      {"slice(x) begin=[0,0,1] end=[4,8,8] step=[1,2,3]", "f32[N,4,4,3]"},
      {"slice(x) begin=[3,0,0] end=[99,1,8] step=[5,1,1]", "f32[N,1,1,8]"},
      {"pad(x) before=[6,0,0] after=[6,1,0]", "f32[N,16,9,8]"},
      {"fixed_rescale(sums, m4, b4, s4)", "i32[N,4,8,8]"},
      {"fixed_rescale(bytes, m1, b1, s1)", "i32[N,4,8,8]"},
      {"fixed_requantize(sums, m1, b1, s1) bits=4 grid=unsigned", "u8[N,4,8,8]"},
      {"fixed_requantize(codes, m4, b4, s4) bits=2 grid=symmetric", "i8[N,4,8,8]"},
      {"add(sums, sums)", "i32[N,4,8,8]"},
      {"relu(sums)", "i32[N,4,8,8]"},
      {"sum_pool(sums) kernel=[3,3] pads=[1,1,1,1] strides=[2,2]", "i32[N,4,4,4]"},
      {"max_pool(sums) kernel=[2,2] strides=[2,2]", "i32[N,4,4,4]"},
      {"max_pool(codes) kernel=[2,2] strides=[2,2]", "i8[N,4,4,4]"},
      {"flatten(bytes)", "u8[N,256]"},
      {"slice(sums) begin=[0,0,1] end=[4,8,8] step=[1,2,3]", "i32[N,4,4,3]"},
      {"pad(codes) before=[6,0,0] after=[6,1,0]", "i8[N,16,9,8]"},
  };
  for (const Case& test : table) {
    EXPECT_EQ(caught([&] { with_node(test.expected, test.application); }), "") << test.application;
  }
}

TEST(Rules, Refuse) {
  const Case table[] = {
      {"normalize(x) mean=[0.0] std=[1.0,1.0,1.0,1.0]", "mean has 1 entries for 4 channels"},
      {"normalize(x) mean=[] std=[]", "mean has 0 entries"},
      {"normalize(x) mean=[0.0,0.0,0.0,0.0] std=[1.0,1.0,0.0,1.0]", "must be positive"},
      {"normalize(x) mean=[0,0,0,0] std=[1.0,1.0,1.0,1.0]",
       "'mean' is a list of integers, it must be a list of reals"},
      {"normalize(line) mean=[0.0] std=[1.0]", "must have a channel axis"},
      {"normalize(bytes) mean=[0.0] std=[1.0]", "x is u8[N,4,8,8], it must be f32"},
      {"normalize(x) std=[1.0]", "attribute 'mean' (a list of reals) is missing"},
      {"conv2d(x)", "has 1 inputs, it takes 2 to 3"},
      {"conv2d(x, w, c6, c6)", "has 4 inputs"},
      {"conv2d(flat, w)", "x is [N,10], it must have rank 4"},
      {"conv2d(x, m)", "weight is [5,10], it must have rank 4"},
      {"conv2d(x, x)", "must not depend on the batch"},
      {"conv2d(x, w, c5)", "bias has shape [5], it must have [6]"},
      {"conv2d(x, w2)", "takes 2 channels a group"},
      {"conv2d(x, w) groups=3", "groups=3 must divide"},
      {"conv2d(x, w) groups=0", "groups=0 must be from 1"},
      {"conv2d(x, w) groups=2", "takes 4 channels a group"},
      {"conv2d(x, w) strides=[0,1]", "strides=[0,1] must have entries from 1"},
      {"conv2d(x, w) strides=[1]", "must have 2 entries"},
      {"conv2d(x, w) pads=[1,1]", "must have 4 entries"},
      {"conv2d(x, w) pads=[-1,0,0,0]", "must have entries from 0"},
      {"conv2d(x, w) pads=[9223372036854775807,0,0,0]", "to 2^31"},
      {"conv2d(x, w) pads=[2147483648,0,2147483648,0]", "outside 1 to 2^31"},
      {"conv2d(x, w) dilations=[4,1]", "a window of 9 does not fit into 8"},
      {"conv2d(x, w) dilations=[2147483648,1]", "does not fit"},
      {"conv2d(x, w) strides=1", "'strides' is an integer, it must be a list of integers"},
      {"conv2d(x, w) stride=[1,1]", "did you mean 'strides'?"},
      {"batch_norm(x, c4, c4, c4)", "it takes 5"},
      {"batch_norm(x, c4, c4, c4, c5)", "running_var has shape [5], it must have [4]"},
      {"batch_norm(line, c4, c4, c4, c4)", "must have a channel axis"},
      {"batch_norm(x, c4, c4, c4, c4) epsilon=-1.0", "must not be negative"},
      {"batch_norm(x, c4, c4, c4, c4) epsilon=1", "(reals carry a point or an exponent)"},
      {"fixed_rescale(x, m4, b4, s4)", "x is f32[N,4,8,8], it must be i32, u8 or i8"},
      {"fixed_rescale(sums, c4, b4, s4)", "multiplier is f32[4], it must be i16[4] or i16[1]"},
      {"fixed_rescale(sums, m4, b1, s4)", "must have one shape"},
      {"fixed_rescale(sums, m4, b4)", "it takes 4"},
      {"fixed_requantize(sums, m4, b4, s4) bits=9 grid=unsigned", "bits=9 must be from 1 to 8"},
      {"fixed_requantize(sums, m4, b4, s4) bits=1 grid=symmetric", "2"},
      {"add(sums, x)", "b is f32[N,4,8,8], it must be i32[N,4,8,8] as a is"},
      {"add(codes, codes)", "must be f32 or i32"},
      {"sum_pool(x) kernel=[2,2]", "x is f32[N,4,8,8], it must be i32"},
      {"avg_pool(sums) kernel=[2,2]", "must be f32"},
      {"relu(x, x)", "it takes 1"},
      {"relu(bytes)", "must be f32 or i32"},
      {"relu(x) slope=1.0", "relu has no attributes, but 'slope' was given"},
      {"add(x, one)", "b is f32[1,4,8,8], it must be f32[N,4,8,8] as a is"},
      {"add(bytes, bytes)", "must be f32"},
      {"quant(x) bits=4 grid=unsigned", "'scheme' (a word) is missing"},
      {"quant(x) scheme=pact grid=unsigned", "'bits' (an integer) is missing"},
      {"quant(x) scheme=pact bits=4", "'grid' (a word) is missing"},
      {"quant(x) scheme=pact bits=0 grid=unsigned", "bits=0 must be from 1 to 8"},
      {"quant(x) scheme=pact bits=9 grid=unsigned", "bits=9"},
      {"quant(x) scheme=pact bits=4294967297 grid=unsigned", "bits=4294967297"},
      {"quant(x) scheme=pact bits=1 grid=symmetric", "2 to 8 bits, not 1"},
      {"quant(x) scheme=pact bits=4 grid=slanted", "unknown grid 'slanted'"},
      {"quant(x) scheme=4 bits=4 grid=odd", "'scheme' is an integer, it must be a word"},
      {"quant(x, c4) scheme=pact bits=4 grid=odd", "its parameter has shape [4], it must have []"},
      {"max_pool(x)", "'kernel' (a list of integers) is missing"},
      {"max_pool(flat) kernel=[2,2]", "rank 4"},
      {"max_pool(x) kernel=[9,1]", "does not fit"},
      {"max_pool(x) kernel=[2,2] pads=[0,2,0,0]", "must be smaller than kernel"},
      {"max_pool(x) kernel=[2,2] pads=[0,4,0,0] dilations=[1,3]", "must be smaller than the reach"},
      {"max_pool(x) kernel=[2,2] pads=[8,0,0,0] dilations=[9,1]", "step over the whole image"},
      {"max_pool(x) kernel=[4,1] dilations=[3,1]", "a window of 10 does not fit into 8"},
      {"max_pool(x) kernel=[2,2] dilations=[0,1]", "must have entries from 1"},
      {"max_pool(x) kernel=[2,2] count_include_pad=1", "unknown attribute"},
      {"avg_pool(x) kernel=[2,2] count_include_pad=2", "must be from 0 to 1"},
      {"global_avg_pool(flat)", "rank 4"},
      {"flatten(line)", "axes beside the batch"},
      {"linear(x, m)", "rank 2"},
      {"linear(flat, w)", "rank 2"},
      {"linear(flat, flat)", "must not depend on the batch"},
      {"linear(flat, m, c4)", "bias has shape [4]"},
      {"slice(x) begin=[0,0,0] end=[4,8,8]", "'step' (a list of integers) is missing"},
      {"slice(x) begin=[0,0] end=[4,8,8] step=[1,1,1]", "must have 3 entries"},
      {"slice(x) begin=[0,0,0] end=[4,8,8] step=[0,1,1]", "from 1"},
      {"slice(x) begin=[0,8,0] end=[4,9,8] step=[1,1,1]", "empty along axis 2: begin 8, end 8"},
      {"slice(x) begin=[0,0,0] end=[4,-1,8] step=[1,1,1]", "from 0"},
      {"pad(x) before=[0,0,0,0] after=[0,0,0]", "must have 3 entries"},
      {"pad(x) before=[-1,0,0] after=[0,0,0]", "from 0"},
      {"pad(x) before=[2147483648,0,0] after=[0,0,0]", "outside 1 to 2^31"},
      {"pad(x) before=[2147483640,2147480,0] after=[0,0,0]", "more than 2^48 elements"},
      {"pad(x) before=[2147483640,2147483640,0] after=[0,0,0]", "too many elements"},
  };
  for (const Case& test : table) {
    const std::string message = caught([&] { with_node("f32[N,1]", test.application); });
    EXPECT_TRUE(contains(message, "line 23: node 'y' (")) << test.application << "\n" << message;
    EXPECT_TRUE(contains(message, test.expected)) << test.application << "\n" << message;
  }
}

TEST(Rules, EveryOpHasOne) {
  for (const Op op : {
#define PACT_OP(name) Op::name,
#include "graph/ops.inc"
#undef PACT_OP
       }) {
    const OpRule& rule = rule_of(op);
    EXPECT_GE(rule.least_inputs, 1);
    EXPECT_LE(rule.least_inputs, rule.most_inputs);
    EXPECT_NE(rule.infer, nullptr);
  }
}

TEST(Rules, RefuseAttributesThatCouldNotBePrinted) {
  EXPECT_TRUE(contains(caught([] {
                         complete_attributes(Op::batch_norm, {{"epsilon", 1.0 / 0.0}});
                       }),
                       "not finite"));
  const Attributes spaced{{"scheme", "a b"}, {"bits", int64_t{1}}, {"grid", "odd"}};
  EXPECT_TRUE(contains(caught([&] { complete_attributes(Op::quant, spaced); }), "'scheme' is not a word"));
}

TEST(Rules, CountMacs) {
  const auto macs = [](const std::string& type, const std::string& application) {
    const Graph graph = with_node(type, application);
    return macs_per_image(graph, graph.nodes().back());
  };
  EXPECT_EQ(macs("f32[N,6,8,8]", "conv2d(x, w) pads=[1,1,1,1]"), 8 * 8 * 6 * 4 * 3 * 3);
  EXPECT_EQ(macs("f32[1,6,6,6]", "conv2d(one, w, c6)"), 6 * 6 * 6 * 4 * 3 * 3);
  EXPECT_EQ(macs("f32[N,4,6,6]", "conv2d(x, w1) groups=4"), 6 * 6 * 4 * 3 * 3);
  EXPECT_EQ(macs("f32[N,5]", "linear(flat, m)"), 50);
  EXPECT_EQ(macs("f32[N,4,8,8]", "add(x, x)"), 0);
}

}  // namespace
}  // namespace pact::graph
