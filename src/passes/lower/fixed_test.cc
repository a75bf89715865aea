// Networks of integers alone: against the real form they come from, against 128-bit arithmetic, and what is
// refused.

#include "passes/lower/fixed.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/caught.h"
#include "base/error.h"
#include "graph/grids.h"
#include "graph/text.h"
#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact::passes {
namespace {

__extension__ using Wide = __int128;

using graph::DataType;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::Tensors;

constexpr uint64_t kSeeds = 120;

// Nothing where the network has float layers or averages of several counts.
std::optional<Network> fixed_form(const Network& real, int stream_bits) {
  try {
    return to_fixed(real, stream_bits);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported) << error.what();
    return std::nullopt;
  }
}

std::vector<int32_t> integers_of(const Tensor& tensor) {
  std::vector<int32_t> integers;
  for (size_t i = 0; i < static_cast<size_t>(tensor.count()); ++i)
    integers.push_back(tensor.type == DataType::i32 ? tensor.as<int32_t>()[i] : code_at(tensor, i));
  return integers;
}

size_t channel_of(const Tensor& tensor, size_t i) {
  const int64_t inner = graph::element_count({tensor.shape.begin() + 2, tensor.shape.end()});
  return static_cast<size_t>(static_cast<int64_t>(i) / inner % tensor.shape[1]);
}

quant::FixedPoint numbers_at(const Network& network, const Node& node, size_t channel) {
  const auto tensor = [&](size_t i) -> const Tensor& {
    return network.tensors.at(network.graph.value(node.inputs[i]).name);
  };
  return graph::FixedNumbers{tensor(1), tensor(2), tensor(3)}.at(channel);
}

// The sentence of docs/number_format.md, in integers of 128 bits.
Wide rescaled(int32_t x, const quant::FixedPoint& fixed) {
  const Wide sum = Wide{x} * fixed.multiplier + fixed.bias, half = Wide{1} << (fixed.shift - 1);
  const Wide limit = Wide{1} << 47;
  EXPECT_TRUE(sum < limit && sum >= -limit && sum + half < limit) << "beyond 48 bits";
  return (sum + half - 1 + ((sum >> fixed.shift) & 1)) >> fixed.shift;
}

bool is_fixed(const Node& node) { return node.op == Op::fixed_rescale || node.op == Op::fixed_requantize; }

TEST(Fixed, EveryRescalingIsExactAndEveryStreamHasTheBitsAskedFor) {
  size_t networks = 0, rescalings = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const int stream_bits = seed % 3 == 0 ? 16 : seed % 3 == 1 ? 24 : 32;
    const auto fixed = fixed_form(reference::random_integer_network(seed), stream_bits);
    if (!fixed) continue;
    ++networks;
    const Tensors values = reference::evaluate_all(*fixed, reference::random_input(*fixed, 1, seed));
    const int64_t most = (int64_t{1} << (stream_bits - 1)) - 1;
    for (const Node& node : fixed->graph.nodes()) {
      const bool adds_up = node.op == Op::add || node.op == Op::fixed_rescale;
      if (adds_up) {
        for (const int32_t y : integers_of(values.at(node.name)))
          ASSERT_LE(std::abs(int64_t{y}), most) << "seed " << seed << " " << node.name;
      }
      if (!is_fixed(node)) continue;
      const Tensor& input = values.at(fixed->graph.value(node.inputs[0]).name);
      const std::vector<int32_t> x = integers_of(input), y = integers_of(values.at(node.name));
      for (size_t i = 0; i < x.size(); ++i) {
        Wide expected = rescaled(x[i], numbers_at(*fixed, node, channel_of(input, i)));
        if (node.op == Op::fixed_requantize) {
          const quant::Grid grid = code_grid_of(node);
          expected = std::clamp<Wide>(expected, grid.min_code(), grid.max_code());
        }
        ASSERT_TRUE(expected == y[i]) << "seed " << seed << " " << node.name << " element " << i;
        ++rescalings;
      }
    }
  }
  EXPECT_GT(networks, kSeeds / 4);
  EXPECT_GT(rescalings, 10000u);
}

TEST(Fixed, ComputesOnIntegersUpToItsOutput) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto fixed = fixed_form(reference::random_integer_network(seed), 24);
    if (!fixed) continue;
    for (const Node& node : fixed->graph.nodes()) {
      const bool is_real = fixed->graph.value(node.output).type.dtype == DataType::f32;
      EXPECT_TRUE(!is_real || node.output == fixed->graph.outputs()[0])
          << "seed " << seed << " " << node.name;
    }
  }
}

// From equal accumulators: the accumulators of the real form are rescaled by the numbers of the fixed one.
TEST(Fixed, CodesAreThoseOfTheRealFormOrTheirNeighbours) {
  size_t codes = 0, others = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Network real = reference::random_integer_network(seed);
    const auto fixed = fixed_form(real, 24);
    if (!fixed) continue;
    const Tensors values = reference::evaluate_all(real, reference::random_input(real, 1, seed));
    for (const Node& node : fixed->graph.nodes()) {
      if (node.op != Op::fixed_requantize) continue;
      const Node* layer = fixed->graph.producer(node.inputs[0]);
      if (!layer || (layer->op != Op::integer_conv2d && layer->op != Op::integer_linear)) continue;
      const Tensor& accumulators = values.at(layer->name);
      const std::vector<int32_t> expected = integers_of(values.at(node.name)), x = integers_of(accumulators);
      const Node* before = real.graph.producer(real.graph.producer(*real.graph.find(node.name))->inputs[0]);
      if (before->op != Op::rescale && before->op != Op::relu) continue;  // a pool stands between
      const quant::Grid grid = code_grid_of(node);
      for (size_t i = 0; i < x.size(); ++i) {
        const quant::FixedPoint numbers = numbers_at(*fixed, node, channel_of(accumulators, i));
        // Beyond 2^14 steps the multiplier's rounding may be more than a step.
        if (std::abs(std::ldexp(static_cast<double>(x[i]) * numbers.multiplier, -numbers.shift)) > 0x1p14)
          continue;
        const int code = quant::requantize(x[i], numbers, grid);
        ASSERT_LE(std::abs(code - expected[i]), 1) << "seed " << seed << " " << node.name << " element " << i;
        ++codes;
        others += code != expected[i];
      }
    }
  }
  EXPECT_GT(codes, 20000u);
  EXPECT_LT(others, codes / 200);
}

// Streams of 32 bits hardly round: networks whose only codes come after a stream.
TEST(Fixed, OutputsAreNearThoseOfTheRealForm) {
  size_t networks = 0, near = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Network real = reference::random_integer_network(seed);
    const auto fixed = fixed_form(real, 32);
    if (!fixed) continue;
    const Tensor input = reference::random_input(real, 1, seed);
    const Tensor z = reference::evaluate(real, input), y = reference::evaluate(*fixed, input);
    double difference = 0, size = 0;
    for (size_t i = 0; i < z.as<float>().size(); ++i) {
      difference += std::abs(static_cast<double>(z.as<float>()[i]) - static_cast<double>(y.as<float>()[i]));
      size += std::abs(static_cast<double>(z.as<float>()[i]));
    }
    ++networks;
    near += difference <= 0.05 * size + 1e-6;
  }
  EXPECT_GT(near, networks * 9 / 10) << "of " << networks;
}

const std::string kNetwork = R"(graph small
input image: u8[N,1,2,2]
param a.weight: u8[1,1,1,1]
param a.multiplier: f32[1]
param a.bias: f32[1]
a: i32[N,1,2,2] = integer_conv2d(image, a.weight) weight_bits=2 weight_grid=odd
an: f32[N,1,2,2] = rescale(a, a.multiplier, a.bias)
)";

Network network_of(const std::string& nodes, float multiplier = 0.25f) {
  Network network{graph::parse(kNetwork + nodes, "test"), {}};
  network.tensors["a.weight"] = Tensor::zeros(DataType::u8, {1, 1, 1, 1});  // multiplicand -3
  network.tensors["a.multiplier"] = Tensor::of({1}, std::vector<float>{multiplier});
  if (network.graph.find("w")) network.tensors["w"] = Tensor::zeros(DataType::f32, {1, 1, 1, 1});
  network.tensors["a.bias"] = Tensor::of({1}, std::vector<float>{0.5f});
  return network;
}

TEST(Fixed, TheFormOfASmallNetwork) {
  const Network fixed =
      to_fixed(network_of(R"(direct: u8[N,1,2,2] = quantize(an) bits=2 grid=unsigned step=0.5
b: i32[N,1,2,2] = integer_conv2d(direct, a.weight) weight_bits=2 weight_grid=odd
bn: f32[N,1,2,2] = rescale(b, a.multiplier, a.bias)
c: i32[N,1,2,2] = integer_conv2d(direct, a.weight) weight_bits=2 weight_grid=odd
cn: f32[N,1,2,2] = rescale(c, a.multiplier, a.bias)
sum: f32[N,1,2,2] = add(bn, cn)
relu: f32[N,1,2,2] = relu(sum)
pool: f32[N,1] = global_avg_pool(relu)
codes: u8[N,1] = quantize(pool) bits=2 grid=unsigned step=0.5
output codes
)"),
               16);
  EXPECT_EQ(graph::print(fixed.graph), R"(graph small
input image: u8[N,1,2,2]
param a.weight: u8[1,1,1,1]
a: i32[N,1,2,2] = integer_conv2d(image, a.weight) dilations=[1,1] groups=1 input_zero=[] pads=[0,0,0,0] strides=[1,1] weight_bits=2 weight_grid=odd
param direct.m: i16[1]
param direct.b: i64[1]
param direct.shift: u8[1]
direct: u8[N,1,2,2] = fixed_requantize(a, direct.m, direct.b, direct.shift) bits=2 grid=unsigned
b: i32[N,1,2,2] = integer_conv2d(direct, a.weight) dilations=[1,1] groups=1 input_zero=[] pads=[0,0,0,0] strides=[1,1] weight_bits=2 weight_grid=odd
param bn.stream.m: i16[1]
param bn.stream.b: i64[1]
param bn.stream.shift: u8[1]
bn.stream: i32[N,1,2,2] = fixed_rescale(b, bn.stream.m, bn.stream.b, bn.stream.shift)
c: i32[N,1,2,2] = integer_conv2d(direct, a.weight) dilations=[1,1] groups=1 input_zero=[] pads=[0,0,0,0] strides=[1,1] weight_bits=2 weight_grid=odd
param cn.stream.m: i16[1]
param cn.stream.b: i64[1]
param cn.stream.shift: u8[1]
cn.stream: i32[N,1,2,2] = fixed_rescale(c, cn.stream.m, cn.stream.b, cn.stream.shift)
sum: i32[N,1,2,2] = add(bn.stream, cn.stream)
relu: i32[N,1,2,2] = relu(sum)
pool.sums: i32[N,1,1,1] = sum_pool(relu) kernel=[2,2] pads=[0,0,0,0] strides=[1,1]
pool: i32[N,1] = flatten(pool.sums)
param codes.m: i16[1]
param codes.b: i64[1]
param codes.shift: u8[1]
codes: u8[N,1] = fixed_requantize(pool, codes.m, codes.b, codes.shift) bits=2 grid=unsigned
output codes
)");
  const auto numbers = [&](const char* name) {
    return numbers_at(fixed, *fixed.graph.producer(*fixed.graph.find(name)), 0);
  };
  // 0.25 / 0.5 and 0.5 / 0.5.
  EXPECT_EQ(numbers("direct"), (quant::FixedPoint{1 << 14, 1 << 15, 15}));
  // The sum lies in -3.5 to 1, and 3.5 * 2^13 < 2^15: the unit is 2^-13.
  EXPECT_EQ(numbers("bn.stream"), (quant::FixedPoint{1 << 14, 1 << 15, 3}));
  // 2^-13 / 4 / 0.5
  EXPECT_EQ(numbers("codes"), (quant::FixedPoint{1 << 14, 0, 28}));
}

// A batch norm behind an addition, as pre-activation networks have it, is one fixed_requantize of the stream
// with numbers of its channels.
TEST(Fixed, ANormBehindAnAdditionIsOneRequantization) {
  Network real{graph::parse(R"(graph preactivation
input image: u8[N,2,2,2]
param weight: u8[2,2,1,1]
param m: f32[2]
param b: f32[2]
param norm.m: f32[2]
param norm.b: f32[2]
a: i32[N,2,2,2] = integer_conv2d(image, weight) weight_bits=2 weight_grid=odd
an: f32[N,2,2,2] = rescale(a, m, b)
sum: f32[N,2,2,2] = add(an, an)
norm: f32[N,2,2,2] = rescale(sum, norm.m, norm.b)
q: u8[N,2,2,2] = quantize(norm) bits=4 grid=unsigned step=2.0
c: i32[N,2,2,2] = integer_conv2d(q, weight) weight_bits=2 weight_grid=odd
cn: f32[N,2,2,2] = rescale(c, m, b)
next: f32[N,2,2,2] = add(cn, sum)
last: f32[N,2,2,2] = rescale(next, norm.m, norm.b)
output last
)",
                            "test"),
               {}};
  real.tensors["weight"] = Tensor::zeros(DataType::u8, {2, 2, 1, 1});
  const uint8_t codes[] = {0, 3, 2, 1};
  std::ranges::copy(codes, real.tensors["weight"].as<uint8_t>().begin());
  for (const auto& [name, numbers] : {std::pair<const char*, std::vector<float>>{"m", {0.5f, 0.25f}},
                                      {"b", {-3.0f, 2.0f}},
                                      {"norm.m", {0.125f, -0.375f}},
                                      {"norm.b", {7.0f, 1.5f}}})
    real.tensors[name] = Tensor::of({2}, numbers);
  const Network fixed = to_fixed(real, 24);
  const Node& q = *fixed.graph.producer(*fixed.graph.find("q"));
  EXPECT_EQ(q.op, Op::fixed_requantize);
  EXPECT_EQ(fixed.graph.value(q.inputs[0]).name, "sum");
  EXPECT_EQ(fixed.graph.value(q.inputs[1]).type.shape, (graph::Shape{2}));
  const double unit = std::ldexp(1.0, -13);  // sums within +-(768 + 6) of 24 bits
  EXPECT_EQ(numbers_at(fixed, q, 1), quant::to_fixed_point(-0.375 / 2 * unit, 0.75, quant::kNetworkLimits));
  // These numbers have few digits, so nothing is rounded before the codes.
  const Tensor input = reference::random_input(real, 4, 1);
  const Tensors expected = reference::evaluate_all(real, input),
                values = reference::evaluate_all(fixed, input);
  EXPECT_EQ(integers_of(values.at("q")), integers_of(expected.at("q")));
  EXPECT_EQ(reference::evaluate(fixed, input), reference::evaluate(real, input));
}

// The shortcut enters the sum by one rescaling of its codes, of which a slice and a pad may have picked; the bound of
// its stream is that of its grid.
TEST(Fixed, AShortcutOfCodesIsOneRescaling) {
  const Network real =
      network_of(R"(q: u8[N,1,2,2] = quantize(an) bits=4 grid=unsigned step=0.5
narrow: u8[N,1,2,1] = slice(q) begin=[0,0,0] end=[1,2,2] step=[1,1,2]
wide: u8[N,1,2,2] = pad(narrow) after=[0,0,1] before=[0,0,0]
b: i32[N,1,2,2] = integer_conv2d(q, a.weight) weight_bits=2 weight_grid=odd
bn: f32[N,1,2,2] = rescale(b, a.multiplier, a.bias)
sum.shortcut: f32[N,1,2,2] = dequantize(wide) bits=4 grid=unsigned step=0.5
sum: f32[N,1,2,2] = add(bn, sum.shortcut)
codes: u8[N,1,2,2] = quantize(sum) bits=4 grid=unsigned step=0.5
output codes
)",
                 -0.25f);
  const Network fixed = to_fixed(real, 16);
  const Node& stream = *fixed.graph.producer(*fixed.graph.find("sum.shortcut.stream"));
  EXPECT_EQ(stream.op, Op::fixed_rescale);
  EXPECT_EQ(fixed.graph.value(stream.inputs[0]).name, "wide");
  EXPECT_EQ(fixed.graph.value(stream.inputs[0]).type.dtype, DataType::u8);
  // bn in 0.5 to 11.75, the shortcut in 0 to 7.5, the sum below 2^5: the unit is 2^-10. Of the 255 codes of a u8
  // the shortcut would reach 127.5.
  EXPECT_EQ(numbers_at(fixed, stream, 0), quant::to_fixed_point(0.5 * 1024, 0, quant::kNetworkLimits));
  const Tensor input = reference::random_input(real, 8, 2);
  EXPECT_EQ(integers_of(reference::evaluate(fixed, input)), integers_of(reference::evaluate(real, input)));
}

TEST(Fixed, ClipsAreMadeOfRectifiers) {
  for (const auto& [low, high] : {std::pair{0.0, 6.0},
                                  {-2.5, 6.0},
                                  {1.0, 1.25},
                                  {-0x1p100, 3.0},
                                  {-8.0, 0x1p100},
                                  {-0x1p100, 0x1p100},
                                  {-900.0, -890.0},
                                  {100.0, 101.0}}) {
    const Network real = network_of(
        fmt::format(R"(wide: f32[N,1,2,2] = add(an, an)
y: f32[N,1,2,2] = clip(wide) high={} low={}
output y
)",
                    graph::to_string(graph::Attribute(high)), graph::to_string(graph::Attribute(low))),
        -0.25f);
    for (const int bits : {16, 24, 32}) {
      const Network fixed = to_fixed(real, bits);
      const Tensor input = reference::random_input(real, 8, 3);
      const Tensor z = reference::evaluate(real, input), y = reference::evaluate(fixed, input);
      for (size_t i = 0; i < 32; ++i)
        EXPECT_NEAR(y.as<float>()[i], z.as<float>()[i], std::ldexp(1000.0, 1 - bits))
            << low << " " << high << " " << bits;
    }
  }
}

std::string refusal(const std::string& nodes, int stream_bits = 24, float multiplier = 0.25f) {
  return caught([&] { to_fixed(network_of(nodes, multiplier), stream_bits); });
}

TEST(Fixed, RefusesInWords) {
  const std::string codes = "q: u8[N,1,2,2] = quantize(y) bits=2 grid=unsigned step=0.5\noutput q\n";
  std::string message = refusal(R"(param w: f32[1,1,1,1]
y: f32[N,1,2,2] = conv2d(an, w)
)" + codes);
  EXPECT_TRUE(contains(message, "'y'") && contains(message, "no form in integers")) << message;
  message =
      refusal("y: f32[N,1,3,3] = avg_pool(an) kernel=[2,2] pads=[1,1,1,1] count_include_pad=0\noutput y\n");
  EXPECT_TRUE(contains(message, "'y'") && contains(message, "padding")) << message;
  message = refusal("y: f32[N,1,2,2] = add(an, an)\n" + codes, 24, 1e30f);
  EXPECT_TRUE(contains(message, "'an'") && contains(message, "too large")) << message;
  message = refusal("y: f32[N,1,2,2] = relu(an)\n" + codes, 24, 1e30f);
  EXPECT_TRUE(contains(message, "'q'") && contains(message, "too large")) << message;
  const Network once =
      to_fixed(network_of("y: u8[N,1,2,2] = quantize(an) bits=2 grid=unsigned step=0.5\noutput y\n"), 24);
  message = caught([&] { to_fixed(once, 24); });
  EXPECT_TRUE(contains(message, "already")) << message;
  for (const int bits : {15, 33})
    EXPECT_TRUE(contains(refusal("output an\n", bits), "16 to 32 bits")) << bits;
}

}  // namespace
}  // namespace pact::passes
