#include "engine/engine.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/caught.h"
#include "base/cpu.h"
#include "base/random.h"
#include "graph/text.h"
#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact::engine {
namespace {

using graph::DataType;
using graph::Network;
using graph::Op;
using graph::Tensor;

void compare_with_reference(Network (*make)(uint64_t seed), uint64_t networks) {
  for (uint64_t seed = 0; seed < networks; ++seed) {
    const Network network = make(seed);
    Random random(seed);
    const auto below = [&](uint64_t count) { return static_cast<int64_t>(random.below(count)); };
    const int64_t batch = 1 + below(below(4) == 0 ? 8 : 3);
    const Tensor input = reference::random_input(network, batch, seed);
    const Tensor expected = reference::evaluate(network, input);
    for (const Isa isa : available_isas())
      for (const std::string& algorithm : algorithm_names()) {
        const auto threads = static_cast<int>(1 + below(3));
        // With profiling the threads share every layer, as those of large networks do. With a few bytes of values
        // early layers take fewer images than late ones.
        Engine engine(network, {.isa = isa,
                                .threads = threads,
                                .max_batch = 1 + below(8),
                                .profiling = below(2) == 0 ? Profiling::off : Profiling::on,
                                .algorithm = algorithm,
                                .cached_bytes = static_cast<size_t>(below(4) * 3000)});
        ASSERT_EQ(engine.run(input), expected)
            << "seed " << seed << ", " << name_of(isa) << ", " << algorithm << ", " << threads << " threads\n"
            << print(network.graph);
      }
  }
}

TEST(Engine, HasTheBitsOfTheReferenceOnEveryInstructionSetAndWithEveryAlgorithm) {
  compare_with_reference(reference::random_integer_network, 2000);
}

TEST(Engine, HasThemInNetworksOfIntegersAlone) {
  compare_with_reference(reference::random_fixed_network, 300);
}

TEST(Engine, RefusesUnknownAlgorithmsWithTheirNames) {
  const std::string message = caught(
      [&] { Engine(reference::random_integer_network(3), {.isa = selected_isa(), .algorithm = "magic"}); });
  EXPECT_TRUE(contains(message, "magic") && contains(message, algorithm_names().back())) << message;
}

TEST(Engine, DropsTheNumbersOfANetworkThatIsGivenAway) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Network network = reference::random_integer_network(seed);
    const Tensor input = reference::random_input(network, 1, seed);
    const Tensor expected = reference::evaluate(network, input);
    Engine engine(std::move(network), {.isa = selected_isa()});
    EXPECT_EQ(engine.run(input), expected) << seed;
    for (const graph::Node& node : network.graph.nodes())
      for (const graph::ValueId value : node.inputs)
        EXPECT_FALSE(network.tensors.contains(network.graph.value(value).name)) << seed;
  }
}

TEST(Engine, ARunLeavesNothingBehindForTheNext) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Network network = reference::random_integer_network(seed);
    const Tensor first = reference::random_input(network, 6, seed);
    const Tensor second = reference::random_input(network, 2, seed + 1);
    Engine engine(network, {.isa = selected_isa(), .threads = 2, .max_batch = 6});
    const Tensor expected = engine.run(first);
    ASSERT_EQ(engine.run(second), reference::evaluate(network, second)) << "seed " << seed;
    ASSERT_EQ(engine.run(first), expected) << "seed " << seed;
  }
}

// The part of `whole` that value `asked` is computed from, with it as the output.
Network part_of(const Network& whole, graph::ValueId asked) {
  const graph::Graph& graph = whole.graph;
  std::set<graph::ValueId> needed{asked};
  for (auto node = graph.nodes().rbegin(); node != graph.nodes().rend(); ++node)
    if (needed.contains(node->output)) needed.insert(node->inputs.begin(), node->inputs.end());
  Network part{.graph = graph::Graph("part"), .tensors = {}};
  const auto same = [&](graph::ValueId id) { return part.graph.find(graph.value(id).name).value(); };
  for (graph::ValueId id = 0; id < static_cast<graph::ValueId>(graph.values().size()); ++id) {
    const graph::Value& value = graph.value(id);
    if (!needed.contains(id) || value.kind == graph::ValueKind::activation) continue;
    part.graph.add_source(value.kind, value.name, value.type);
    if (value.kind != graph::ValueKind::input) part.tensors[value.name] = whole.tensors.at(value.name);
  }
  for (const graph::Node& node : graph.nodes()) {
    if (!needed.contains(node.output)) continue;
    std::vector<graph::ValueId> inputs;
    for (const graph::ValueId id : node.inputs) inputs.push_back(same(id));
    part.graph.add_node(node.op, node.name, inputs, node.attributes);
  }
  part.graph.add_output(same(asked));
  return part;
}

void ask_for_any_value(Network (*make)(uint64_t seed)) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const Network whole = make(seed);
    const Tensor input = reference::random_input(whole, 2, seed);
    const graph::Tensors expected = reference::evaluate_all(whole, input);
    for (const graph::Node& asked : whole.graph.nodes()) {
      Engine engine(part_of(whole, asked.output), {.isa = selected_isa(), .threads = 1, .max_batch = 2});
      ASSERT_EQ(engine.run(input), expected.at(asked.name)) << "seed " << seed << ", " << asked.name;
    }
  }
}

TEST(Engine, AnyValueMayBeTheOutput) {
  ask_for_any_value(reference::random_integer_network);
  ask_for_any_value(reference::random_fixed_network);
}

Network network_with(Op op, const graph::Attributes& attributes) {
  Network network;
  const auto x = network.graph.add_input("x", {DataType::f32, {graph::kBatch, 2, 3, 3}});
  network.graph.add_output(network.graph.add_node(op, "y", {x}, attributes));
  return network;
}

TEST(Engine, RefusesFakeQuantizationByName) {
  const Network network = network_with(
      Op::quant,
      {{"scheme", std::string("dorefa")}, {"bits", int64_t{2}}, {"grid", std::string("unsigned")}});
  const std::string message = caught([&] { Engine(network, EngineOptions{}); });
  EXPECT_TRUE(contains(message, "'y'") && contains(message, "quant")) << message;
}

TEST(Engine, RefusesAccumulatorsBeyondInt32) {
  constexpr int64_t kFeatures = 40000;
  Network network;
  const auto x = network.graph.add_input("x", {DataType::u8, {graph::kBatch, kFeatures}});
  const auto w = network.graph.add_parameter("w", {DataType::u8, {1, kFeatures}});
  network.graph.add_output(network.graph.add_node(
      Op::integer_linear, "y", {x, w}, {{"weight_bits", int64_t{8}}, {"weight_grid", std::string("odd")}}));
  network.tensors["w"] = Tensor::zeros(DataType::u8, {1, kFeatures});
  const std::string message = caught([&] { Engine(network, EngineOptions{}); });
  EXPECT_TRUE(contains(message, "'y'") && contains(message, "int32")) << message;
}

// Many weights of few levels, more than random networks have: they are kept at 4 or 2 bits.
TEST(Engine, KeepsBigLayersOfFewBitsDense) {
  for (const int64_t bits : {1, 2, 4}) {
    Random random(static_cast<uint64_t>(bits));
    Network network;
    const auto x = network.graph.add_input("x", {DataType::u8, {graph::kBatch, 64, 6, 5}});
    const auto w = network.graph.add_parameter("w", {DataType::u8, {250, 64, 3, 3}});
    network.graph.add_output(network.graph.add_node(Op::integer_conv2d, "y", {x, w},
                                                    {{"weight_bits", bits},
                                                     {"weight_grid", std::string("odd")},
                                                     {"pads", std::vector<int64_t>{1, 1, 1, 1}}}));
    Tensor& weights = network.tensors["w"] = Tensor::zeros(DataType::u8, {250, 64, 3, 3});
    for (std::byte& code : weights.bytes) code = static_cast<std::byte>(random.below(uint64_t{1} << bits));
    const Tensor input = reference::random_input(network, 3, 4);
    const Tensor expected = reference::evaluate(network, input);
    for (const Isa isa : available_isas())
      for (const int threads : {1, 2}) {
        Engine engine(network, {.isa = isa, .threads = threads, .max_batch = 2, .algorithm = "int8"});
        EXPECT_EQ(engine.run(input), expected) << name_of(isa) << ", " << bits << " bits";
        const size_t count = 256 * 64 * 9;  // the last block of channels is filled up
        EXPECT_EQ(engine.weight_bytes(), bits == 4 ? count / 2 : count / 4);
      }
  }
}

// A shortcut that is kept as codes is turned back where it is added.
TEST(Engine, AddsShortcutsOfCodes) {
  for (const auto& [channels, grid] :
       {std::pair{5, "unsigned"}, {16, "unsigned"}, {70, "unsigned"}, {16, "odd"}}) {
    Network network;
    network.graph = graph::parse(fmt::format(R"(graph block
input x: f32[N,{0},6,6]
param w: i8[{0},{0},3,3]
param m: f32[{0}]
param b: f32[{0}]
q: u8[N,{0},6,6] = quantize(x) bits=8 grid={1} step=0.01171875
a: i32[N,{0},6,6] = integer_conv2d(q, w) pads=[1,1,1,1] weight_bits=8 weight_grid=symmetric
z: f32[N,{0},6,6] = rescale(a, m, b)
s: f32[N,{0},6,6] = dequantize(q) bits=8 grid={1} step=0.01171875
sum: f32[N,{0},6,6] = add(s, z)
r: f32[N,{0},6,6] = relu(sum)
y: u8[N,{0},6,6] = quantize(r) bits=8 grid=unsigned step=0.03125
output y
)",
                                             channels, grid),
                                 "test");
    Random random(static_cast<uint64_t>(channels));
    for (const graph::Value& value : network.graph.values()) {
      if (value.kind != graph::ValueKind::parameter) continue;
      Tensor& tensor = network.tensors[value.name] = Tensor::zeros(value.type.dtype, value.type.shape);
      if (value.name == "w")
        for (std::byte& code : tensor.bytes)
          code = static_cast<std::byte>(static_cast<int>(random.below(255)) - 127);
      else
        for (float& number : tensor.as<float>()) number = static_cast<float>(random.normal() * 0.0004);
    }
    const Tensor input = reference::random_input(network, 3, 7);
    const Tensor expected = reference::evaluate(network, input);
    for (const Isa isa : available_isas()) {
      Engine engine(network, {.isa = isa, .threads = 1, .max_batch = 3, .profiling = Profiling::on});
      EXPECT_EQ(engine.run(input), expected) << name_of(isa) << ", " << channels << " channels";
      const bool is_fused = std::ranges::any_of(engine.timings(), [](const StepTiming& step) {
        return contains(step.algorithm, "+ dequantize + add");
      });
      EXPECT_EQ(is_fused, std::string_view(grid) == "unsigned");
    }
  }
}

TEST(Engine, RefusesInputsOfAnotherTypeOrShape) {
  Engine engine(network_with(Op::relu, {}), EngineOptions{});
  EXPECT_NO_THROW(engine.run(Tensor::zeros(DataType::f32, {4, 2, 3, 3})));
  EXPECT_THROW(engine.run(Tensor::zeros(DataType::u8, {1, 2, 3, 3})), Error);
  EXPECT_THROW(engine.run(Tensor::zeros(DataType::f32, {1, 2, 3, 4})), Error);
  EXPECT_THROW(engine.run(Tensor::zeros(DataType::f32, {0, 2, 3, 3})), Error);
  EXPECT_THROW(engine.run(nullptr, 0, nullptr), Error);
  EXPECT_THROW(Engine(network_with(Op::relu, {}), {.max_batch = 0}), Error);
}

TEST(Engine, TimesItsStepsWhenAsked) {
  const Network network = reference::random_integer_network(3);
  Engine engine(network, {.isa = selected_isa(), .threads = 1, .max_batch = 1, .profiling = Profiling::on});
  engine.run(reference::random_input(network, 1, 1));
  double seconds = 0.0;
  int64_t macs = 0;
  for (const StepTiming& timing : engine.timings()) seconds += timing.seconds, macs += timing.macs;
  EXPECT_GT(seconds, 0.0);
  EXPECT_GT(macs, 0);
}

}  // namespace
}  // namespace pact::engine
