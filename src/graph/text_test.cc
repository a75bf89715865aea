#include "graph/text.h"

#include <gtest/gtest.h>

#include <set>

#include "base/caught.h"
#include "base/random.h"
#include "base/strings.h"

namespace pact::graph {
namespace {

constexpr std::string_view kResidual = R"(graph residual-w4a4
input image: f32[N,3,32,32]
pixels: f32[N,3,32,32] = normalize(image) mean=[0.5,1.0,0.25] std=[1e-05,0.2,3.0]
param stem.weight: f32[16,3,3,3]
stem.weight.q: f32[16,3,3,3] = quant(stem.weight) bits=4 grid=odd scheme=sawb
stem: f32[N,16,32,32] = conv2d(pixels, stem.weight.q) dilations=[1,1] groups=1 pads=[1,1,1,1] strides=[1,1]
param stem.bn.gamma: f32[16]
param stem.bn.beta: f32[16]
buffer stem.bn.running_mean: f32[16]
buffer stem.bn.running_var: f32[16]
stem.bn: f32[N,16,32,32] = batch_norm(stem, stem.bn.gamma, stem.bn.beta, stem.bn.running_mean, stem.bn.running_var) epsilon=1e-05
relu: f32[N,16,32,32] = relu(stem.bn)
param relu.alpha: f32[]
output: f32[N,16,32,32] = quant(relu, relu.alpha) bits=4 grid=unsigned scheme=pact
input: f32[N,16,32,32] = add(output, relu)
down: f32[N,16,16,16] = slice(input) begin=[0,0,0] end=[16,32,32] step=[1,2,2]
wide: f32[N,32,16,16] = pad(down) after=[8,0,0] before=[8,0,0]
max: f32[N,32,8,8] = max_pool(wide) kernel=[3,3] pads=[1,1,1,1] strides=[2,2]
apart: f32[N,32,4,6] = max_pool(max) dilations=[2,1] kernel=[3,3] pads=[0,0,0,0] strides=[1,1]
mean: f32[N,32,3,5] = avg_pool(apart) count_include_pad=0 kernel=[2,2] pads=[0,0,0,0] strides=[1,1]
features: f32[N,32] = global_avg_pool(mean)
flat: f32[N,32] = flatten(features)
param head.weight: f32[10,32]
param head.bias: f32[10]
logits: f32[N,10] = linear(flat, head.weight, head.bias)
output logits
output features
)";

TEST(Text, RoundTripsByHand) {
  const Graph graph = parse(kResidual, "test");
  EXPECT_EQ(print(graph), kResidual);
  EXPECT_EQ(parse(print(graph), "again"), graph);
  EXPECT_TRUE(find_problems(graph).empty());
  EXPECT_EQ(graph.name(), "residual-w4a4");
  EXPECT_EQ(graph.outputs().size(), 2u);
  EXPECT_EQ(graph.nodes().size(), 15u);
}

TEST(Text, RoundTripsWhatIsUnfinished) {
  const Graph empty;
  EXPECT_EQ(print(empty), "graph\n");
  EXPECT_EQ(parse("graph", "test"), empty);
  Graph dangling("d");
  const ValueId x = dangling.add_input("x", {DataType::i16, {}});
  EXPECT_EQ(parse(print(dangling), "test"), dangling);
  dangling.add_output(x);
  EXPECT_EQ(parse(print(dangling), "test"), dangling);
}

TEST(Text, ReadsLooseWriting) {
  const Graph graph = parse(
      "# a comment\r\n\n  input\tx :f32 [ N , 2,4, 4 ]   # another\r\n"
      "y:f32[N,2,2,2]=max_pool( x )kernel=[ 2 ,2 ] strides = [2,2]\n"
      "z: f32[N,2,2,2] = normalize(y) mean=[1e0,-2.50] std=[1.,.5]\noutput z",
      "test");
  EXPECT_EQ(print(graph),
            "graph\ninput x: f32[N,2,4,4]\n"
            "y: f32[N,2,2,2] = max_pool(x) kernel=[2,2] pads=[0,0,0,0] strides=[2,2]\n"
            "z: f32[N,2,2,2] = normalize(y) mean=[1.0,-2.5] std=[1.0,0.5]\noutput z\n");
}

// Grows a graph by random ops on random values; whatever a rule refuses is simply not added.
Graph random_graph(uint64_t seed) {
  Random random(seed);
  Graph graph(fmt::format("r{}", seed));
  const auto extent = [&] { return static_cast<int64_t>(1 + random.below(6)); };
  const auto extents = [&](size_t count) {
    std::vector<int64_t> list(count);
    for (int64_t& entry : list) entry = static_cast<int64_t>(random.below(3));
    return list;
  };
  const int64_t channels = extent();
  graph.add_input("x", {DataType::f32, {random.below(2) ? kBatch : 3, channels, 4 + extent(), 4 + extent()}});
  for (int i = 0; i < 60; ++i) {
    const std::string name = fmt::format("{}{}", random.below(2) ? "v" : "a.b_", i);
    const auto any = [&] { return static_cast<ValueId>(random.below(graph.values().size())); };
    const ValueId x = any();
    const Shape shape = graph.value(x).type.shape;
    const int64_t c = shape.size() > 1 ? shape[1] : 1;
    const size_t axes = shape.empty() ? 0 : shape.size() - 1;
    const auto source = [&](const char* what, Shape wanted) {
      const auto kind = random.below(2) ? ValueKind::parameter : ValueKind::buffer;
      return graph.add_source(kind, name + what, {DataType::f32, std::move(wanted)});
    };
    const auto op = static_cast<Op>(random.below(21));
    std::vector<ValueId> inputs = {x};
    Attributes attributes;
    switch (op) {
      case Op::normalize: {
        std::vector<double> mean, std;
        for (int64_t j = 0; j < c; ++j) {
          mean.push_back(random.normal() * std::exp(20.0 * random.normal()));
          std.push_back(random.below(2) ? 1.0 : 1e-12 + random.uniform());
        }
        attributes = {{"mean", mean}, {"std", std}};
        break;
      }
      case Op::conv2d: {
        const int64_t groups = random.below(2) ? 1 : c;
        inputs.push_back(source(".weight", {groups * extent(), c / groups, extent(), extent()}));
        attributes = {{"groups", groups}, {"pads", extents(4)}};
        break;
      }
      case Op::batch_norm:
        for (const char* what : {".gamma", ".beta", ".mean", ".var"}) inputs.push_back(source(what, {c}));
        attributes = {{"epsilon", random.uniform() * 1e-3}};
        break;
      case Op::clip:
        attributes = {{"low", -1.5 * static_cast<double>(random.below(2))},
                      {"high", 0.25 * static_cast<double>(random.below(50))}};
        break;
      case Op::add:
        inputs.push_back(random.below(2) ? x : any());
        break;
      case Op::quant:
        if (random.below(2)) inputs.push_back(source(".alpha", {}));
        attributes = {{"scheme", random.below(2) ? "pact" : "e1"},
                      {"bits", static_cast<int64_t>(1 + random.below(8))},
                      {"grid", random.below(2) ? "symmetric" : "odd"}};
        break;
      case Op::max_pool:
      case Op::avg_pool:
      case Op::sum_pool:
        attributes = {{"kernel", std::vector<int64_t>{extent(), extent()}}};
        break;
      case Op::linear:
        inputs.push_back(source(".weight", {extent(), c}));
        break;
      case Op::slice:
        attributes = {{"begin", extents(axes)},
                      {"end", std::vector<int64_t>(axes, 5)},
                      {"step", std::vector<int64_t>(axes, extent())}};
        break;
      case Op::pad:
        attributes = {{"before", extents(axes)}, {"after", extents(axes)}};
        break;
      case Op::quantize:
      case Op::dequantize:
        attributes = {{"bits", static_cast<int64_t>(2 + random.below(7))},
                      {"grid", random.below(2) ? "symmetric" : "unsigned"},
                      {"step", static_cast<double>(static_cast<float>(random.uniform() + 0.01))}};
        break;
      case Op::integer_conv2d:
      case Op::integer_linear: {
        const bool is_conv = op == Op::integer_conv2d, is_odd = random.below(2) != 0;
        const Shape wanted = is_conv ? Shape{extent(), c, extent(), extent()} : Shape{extent(), c};
        inputs.push_back(
            graph.add_parameter(name + ".codes", {is_odd ? DataType::u8 : DataType::i8, wanted}));
        attributes = {{"weight_bits", static_cast<int64_t>(2 + random.below(7))},
                      {"weight_grid", is_odd ? "odd" : "symmetric"}};
        if (is_conv && random.below(2) != 0) attributes["input_zero"] = std::vector<int64_t>(c, 0);
        break;
      }
      case Op::fixed_requantize:
      case Op::fixed_rescale: {
        const Shape numbers{random.below(2) ? c : 1};
        inputs.push_back(graph.add_parameter(name + ".multiplier", {DataType::i16, numbers}));
        inputs.push_back(graph.add_parameter(name + ".bias", {DataType::i64, numbers}));
        inputs.push_back(graph.add_parameter(name + ".shift", {DataType::u8, numbers}));
        if (op == Op::fixed_requantize)
          attributes = {{"bits", static_cast<int64_t>(2 + random.below(7))},
                        {"grid", random.below(2) ? "symmetric" : "unsigned"}};
        break;
      }
      case Op::rescale:
        inputs.push_back(source(".multiplier", {c}));
        inputs.push_back(source(".bias", {c}));
        break;
      case Op::relu:
      case Op::global_avg_pool:
      case Op::flatten:
        break;
    }
    try {
      graph.add_node(op, name, inputs, attributes);
      if (random.below(8) == 0) graph.add_output(static_cast<ValueId>(graph.values().size() - 1));
    } catch (const Error&) {
      continue;
    }
  }
  return graph;
}

TEST(Text, RoundTripsAtRandom) {
  size_t nodes = 0;
  std::set<Op> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Graph graph = random_graph(seed);
    const std::string text = print(graph);
    const Graph again = parse(text, "test");
    ASSERT_EQ(again, graph) << text;
    ASSERT_EQ(print(again), text);
    nodes += graph.nodes().size();
    for (const Node& node : graph.nodes()) seen.insert(node.op);
    for (const std::string& problem : find_problems(graph)) {
      EXPECT_TRUE(contains(problem, "nothing uses") || contains(problem, "no outputs")) << problem;
    }
  }
  EXPECT_GT(nodes, 3500u);
  EXPECT_EQ(seen.size(), 21u);  // every op got into some graph
}

struct Broken {
  std::string line;
  std::string message;
};

TEST(Text, SaysWhatIsWrong) {
  const Broken table[] = {
      {"hello", "'hello' is no statement"},
      {"7", "expected a name or a keyword in column 1, not '7'"},
      {"\xff\xfe", "column 1, not byte 255"},
      {std::string("a\0b", 3), "no statement"},
      {"graph twice", "'graph' comes first, and once"},
      {"input", "expected a name at the end of the line"},
      {"input a", "expected ':' at the end of the line"},
      {"input a f32[1]", "expected ':' in column 9, not 'f32[1]'"},
      {"input a: f16[1]", "unknown data type 'f16'"},
      {"input a: f32", "expected '[' at the end of the line"},
      {"input a: f32[1", "expected ']' at the end of the line"},
      {"input a: f32[1,]", "expected a number in column 16"},
      {"input a: f32[1,N]", "expected a number in column 16, not 'N]'"},
      {"input a: f32[1.0]", "expected an integer"},
      {"input a: f32[0]", "the extent 0 is not from 1 to 2^31"},
      {"input a: f32[-1]", "the extent -1"},
      {"input a: f32[2147483649]", "the extent 2147483649"},
      {"input a: f32[99999999999999999999]", "expected a number"},
      {"input a: f32[1,1,1,1,1,1,1,1,1]", "at most 8 extents"},
      {"input a: f32[1] b", "expected the end of the line in column 17"},
      {"input x: f32[1]", "the name 'x' is taken"},
      {"param a: f32[N,2]", "open batch"},
      {"output", "expected the name of a value"},
      {"output none", "the value 'none' is not defined before this line"},
      {"output x y", "expected the end of the line"},
      {"y: f32[N,4]", "expected '='"},
      {"y: f32[N,4] = ", "expected an op"},
      {"y: f32[N,4] = rule(x)", "unknown op 'rule' (did you mean 'relu'?)"},
      {"y: f32[N,4] = relu x", "expected '('"},
      {"y: f32[N,4] = relu(", "expected the name of a value"},
      {"y: f32[N,4] = relu(x", "expected ')'"},
      {"y: f32[N,4] = relu()", "has 0 inputs, it takes 1"},
      {"y: f32[N,4] = relu(y)", "the value 'y' is not defined"},
      {"x: f32[N,4] = relu(x)", "the name 'x' is taken"},
      {"y: f32[N,5] = relu(x)", "node 'y' (relu) is declared f32[N,5], but its type is f32[N,4]"},
      {"y: f32[N,4] = relu(x) a", "expected '='"},
      {"y: f32[N,4] = relu(x) a=", "expected a number"},
      {"y: f32[N,4] = relu(x) a=1 a=2", "attribute 'a' is given twice"},
      {"y: f32[N,4] = relu(x) a=[1,2.0]", "both integers and reals"},
      {"y: f32[N,4] = relu(x) a=[1", "expected ']'"},
      {"y: f32[N,4] = relu(x) a=[[1]]", "expected a number"},
      {"y: f32[N,4] = relu(x) a=1e999", "expected a number"},
      {"y: f32[N,4] = relu(x) a=--1", "expected a number"},
      {"y: f32[N,4] = relu(x) a=[b]", "expected a number"},
      {std::string(2'000'000, 'x'), "the line is longer"},
      {std::string(10'000, 'x') + ": f32[1]", "expected a name"},
  };
  for (const Broken& broken : table) {
    const std::string message =
        caught([&] { parse("graph\ninput x: f32[N,4]\n" + broken.line, "some.txt"); });
    EXPECT_TRUE(contains(message, broken.message)) << broken.line.substr(0, 80) << "\n" << message;
    EXPECT_TRUE(message.starts_with("some.txt is no sound graph:\n  line 3: ")) << message;
    EXPECT_LT(message.size(), 500u);
  }
  EXPECT_TRUE(contains(caught([] { parse("graph a b", "t"); }), "expected the end of the line"));
  EXPECT_TRUE(contains(caught([] { parse("graph a/b", "t"); }), "expected the end of the line"));
  EXPECT_TRUE(contains(caught([] { parse("\n# nothing\n", "t"); }), "there is no graph in it"));
}

TEST(Text, ListsAllProblemsAtOnce) {
  const std::string message = caught([] {
    parse(
        "input x: f32[N,4]\n"
        "inptu z: f32[1]\n"
        "a: f32[N,4] = rellu(x)\n"
        "b: f32[N,4] = add(a, x)\n"  // sound: `a` is stood in for by its declared type
        "c: f32[N,3] = add(a, b)\n"
        "output nothing\n",
        "net.txt");
  });
  EXPECT_TRUE(contains(message, "\n  line 2: 'inptu' is no statement")) << message;
  EXPECT_TRUE(contains(message, "\n  line 3: unknown op 'rellu'")) << message;
  EXPECT_TRUE(contains(message, "\n  line 5: node 'c' (add) is declared f32[N,3], but")) << message;
  EXPECT_TRUE(contains(message, "\n  line 6: the value 'nothing'")) << message;
  EXPECT_EQ(split(message, '\n').size(), 5u) << message;
}

TEST(Text, IsBounded) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "?\n";
  const std::string message = caught([&] { parse(text, "t"); });
  EXPECT_TRUE(contains(message, "reading stopped here"));
  EXPECT_LT(message.size(), 20'000u);
  EXPECT_TRUE(contains(caught([] { parse(std::string(1'000'001, '\n'), "t"); }), "more than 1000000 lines"));
}

// Whatever the bytes, either an Error comes or a graph that prints and reads back.
TEST(Text, SurvivesMutation) {
  const std::string_view favourites = ":=()[],.#N -+e0123456789\n\0\xff";
  int accepted = 0;
  for (uint64_t round = 0; round < 3000; ++round) {
    Random random(5, round);
    std::string text(kResidual);
    for (uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
      const size_t at = random.below(text.size());
      switch (random.below(4)) {
        case 0:
          text[at] = static_cast<char>(random.bits());
          break;
        case 1:
          text[at] = favourites[random.below(favourites.size())];
          break;
        case 2:
          text.erase(at, 1 + random.below(30));
          break;
        case 3:
          text.insert(at, text.substr(random.below(text.size()), random.below(40)));
          break;
      }
    }
    try {
      const Graph graph = parse(text, "t");
      EXPECT_EQ(parse(print(graph), "t"), graph);
      ++accepted;
    } catch (const Error&) {
      continue;
    }
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace pact::graph
