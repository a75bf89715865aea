#include "reference/evaluate.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/caught.h"
#include "graph/text.h"

namespace pact::reference {
namespace {

using graph::DataType;
using graph::Shape;
using graph::Tensor;

using Reals = std::vector<float>;
using Bytes = std::vector<int>;

Tensor reals(Shape shape, Reals values) { return Tensor::of(std::move(shape), values); }

Tensor codes(DataType type, Shape shape, const Bytes& values) {
  Tensor tensor = Tensor::zeros(type, std::move(shape));
  EXPECT_EQ(tensor.bytes.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) tensor.bytes[i] = static_cast<std::byte>(values[i]);
  return tensor;
}

graph::Network network(const std::string& text, graph::Tensors tensors = {}) {
  return {graph::parse("graph small\n" + text, "test"), std::move(tensors)};
}

Reals reals_of(const Tensor& tensor) {
  const auto values = tensor.as<float>();
  return {values.begin(), values.end()};
}

template <typename Element>
Bytes integers_of(const Tensor& tensor) {
  const auto values = tensor.as<Element>();
  return {values.begin(), values.end()};
}

Reals run(const std::string& text, const Tensor& input, graph::Tensors tensors = {}) {
  return reals_of(evaluate(network(text, std::move(tensors)), input));
}

TEST(Reference, ConvolvesReals) {
  // A 2x2 kernel on a 2x2 image with pads top 1, right 1; the second group has the weight 10.
  const Reals y = run(
      "input x: f32[N,2,2,2]\nparam w: f32[2,1,2,2]\nparam b: f32[2]\n"
      "y: f32[N,2,2,2] = conv2d(x, w, b) pads=[1,0,0,1] groups=2\noutput y\n",
      reals({1, 2, 2, 2}, {1, 2, 3, 4, 1, 0, 0, 0}),
      {{"w", reals({2, 1, 2, 2}, {1, 2, 3, 4, 10, 10, 10, 10})}, {"b", reals({2}, {100, 0.5f})}});
  EXPECT_EQ(y, (Reals{111, 106, 130, 114, 10.5f, 0.5f, 10.5f, 0.5f}));
}

TEST(Reference, ConvolvesWithStridesAndDilations) {
  const Reals y = run(
      "input x: f32[N,1,1,7]\nparam w: f32[1,1,1,2]\n"
      "y: f32[N,1,1,3] = conv2d(x, w) strides=[1,2] dilations=[1,2]\noutput y\n",
      reals({2, 1, 1, 7}, {1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 1}), {{"w", reals({1, 1, 1, 2}, {1, 10})}});
  EXPECT_EQ(y, (Reals{31, 53, 75, 0, 0, 10}));
}

TEST(Reference, SumsInDoubleAndRoundsOnce) {
  // In float32 1e8 + 1 is 1e8.
  const Reals y = run("input x: f32[N,3]\nparam w: f32[1,3]\nparam b: f32[1]\n"
                      "y: f32[N,1] = linear(x, w, b)\noutput y\n",
                      reals({1, 3}, {1e8f, 1, -1e8f}),
                      {{"w", reals({1, 3}, {1, 1, 1})}, {"b", reals({1}, {0.25f})}});
  EXPECT_EQ(y, (Reals{1.25f}));
}

TEST(Reference, Normalizes) {
  EXPECT_EQ(run("input x: f32[N,2,1,1]\n"
                "y: f32[N,2,1,1] = normalize(x) mean=[1.0,0.1] std=[2.0,0.3]\noutput y\n",
                reals({1, 2, 1, 1}, {6, 1})),
            (Reals{2.5f, (1.0f - 0.1f) / 0.3f}));
  // (3 - 1) / sqrt(3 + 1) * 5 + 7, the second channel with other numbers.
  EXPECT_EQ(run("input x: f32[N,2]\nparam g: f32[2]\nparam b: f32[2]\nbuffer m: f32[2]\nbuffer v: f32[2]\n"
                "y: f32[N,2] = batch_norm(x, g, b, m, v) epsilon=1.0\noutput y\n",
                reals({2, 2}, {3, 0, 1, 8}),
                {{"g", reals({2}, {5, 1})},
                 {"b", reals({2}, {7, 0})},
                 {"m", reals({2}, {1, 0})},
                 {"v", reals({2}, {3, 15})}}),
            (Reals{12, 0, 7, 2}));
}

TEST(Reference, RectifiesAndAdds) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Reals y = run("input x: f32[N,4]\nr: f32[N,4] = relu(x)\ny: f32[N,4] = add(r, x)\noutput y\n",
                      reals({1, 4}, {-1, 2, -0.0f, 0.5f}));
  EXPECT_EQ(y, (Reals{-1, 4, 0, 1}));
  EXPECT_EQ(run("input x: f32[N,1]\nr: f32[N,1] = relu(x)\noutput r\n", reals({1, 1}, {nan})), (Reals{0}));
}

TEST(Reference, MaxPoolIgnoresPadding) {
  const std::string head = "input x: f32[N,1,2,3]\ny: f32[N,1,2,2] = ";
  EXPECT_EQ(run(head + "max_pool(x) kernel=[2,2] strides=[1,2] pads=[1,0,0,1]\noutput y\n",
                reals({1, 1, 2, 3}, {-1, -2, -3, -4, -5, -6})),
            (Reals{-1, -3, -1, -3}));
}

TEST(Reference, DilatedPoolsSkipElements) {
  const Tensor x = reals({1, 1, 1, 5}, {1, 20, 3, -40, 5});
  const std::string head = "input x: f32[N,1,1,5]\ny: f32[N,1,1,3] = ";
  EXPECT_EQ(run(head + "max_pool(x) kernel=[1,2] dilations=[1,2]\noutput y\n", x), (Reals{3, 20, 5}));
  // Windows begin at columns -3, -1 and 1: of the first two, one element each is inside.
  const std::string padded = "kernel=[1,2] dilations=[1,3] pads=[0,3,0,0] strides=[1,2]";
  EXPECT_EQ(run(head + "max_pool(x) " + padded + "\noutput y\n", x), (Reals{1, 3, 20}));
  EXPECT_EQ(run(head + "avg_pool(x) " + padded + "\noutput y\n", x), (Reals{0.5, 1.5, 12.5}));
  EXPECT_EQ(run(head + "avg_pool(x) count_include_pad=0 " + padded + "\noutput y\n", x), (Reals{1, 3, 12.5}));
}

TEST(Reference, AvgPoolCountsPaddingWhenAsked) {
  const std::string head = "input x: f32[N,1,2,2]\ny: f32[N,1,2,2] = avg_pool(x) kernel=[2,2] pads=[1,1,0,0]";
  const Tensor x = reals({1, 1, 2, 2}, {4, 8, 12, 16});
  EXPECT_EQ(run(head + "\noutput y\n", x), (Reals{1, 3, 4, 10}));
  EXPECT_EQ(run(head + " count_include_pad=0\noutput y\n", x), (Reals{4, 6, 8, 10}));
}

TEST(Reference, AveragesInFloatFromLeftToRight) {
  // 2^24 + 1 stays 2^24 in float32, twice; from the right it would become 2^24 + 2.
  const Tensor x = reals({1, 1, 1, 4}, {0x1p24f, 1, 1, 0});
  EXPECT_EQ(run("input x: f32[N,1,1,4]\ny: f32[N,1] = global_avg_pool(x)\noutput y\n", x), (Reals{0x1p22f}));
  EXPECT_EQ(run("input x: f32[N,1,1,4]\ny: f32[N,1,1,1] = avg_pool(x) kernel=[1,4]\noutput y\n", x),
            (Reals{0x1p22f}));
}

TEST(Reference, MovesElements) {
  const Tensor x = reals({1, 2, 1, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(run("input x: f32[N,2,1,3]\ny: f32[N,6] = flatten(x)\noutput y\n", x), reals_of(x));
  EXPECT_EQ(run("input x: f32[N,2,1,3]\n"
                "y: f32[N,1,1,2] = slice(x) begin=[1,0,0] end=[9,1,3] step=[1,1,2]\noutput y\n",
                x),
            (Reals{4, 6}));
  EXPECT_EQ(run("input x: f32[N,2,1,3]\n"
                "y: f32[N,3,1,4] = pad(x) before=[1,0,0] after=[0,0,1]\noutput y\n",
                x),
            (Reals{0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0}));
}

TEST(Reference, FakeQuantizesActivations) {
  // docs/number_format.md: alpha = 6, 4 bits, step 0.4.
  EXPECT_EQ(run("input x: f32[N,3]\nparam a: f32[]\n"
                "y: f32[N,3] = quant(x, a) scheme=pact bits=4 grid=unsigned\noutput y\n",
                reals({1, 3}, {1.3f, -2, 9}), {{"a", reals({}, {6})}}),
            (Reals{3 * 0.4f, 0, 6}));
  EXPECT_EQ(run("input x: f32[N,3]\ny: f32[N,3] = quant(x) scheme=dorefa bits=1 grid=unsigned\noutput y\n",
                reals({1, 3}, {0.5f, 0.6f, 7})),
            (Reals{0, 1, 1}));
  EXPECT_EQ(run("input x: f32[N,4]\nparam a: f32[]\n"
                "y: f32[N,4] = quant(x, a) scheme=pact bits=3 grid=symmetric\noutput y\n",
                reals({1, 4}, {-9, -0.9f, 1.5f, 2}), {{"a", reals({}, {3})}}),
            (Reals{-3, -1, 2, 2}));
  EXPECT_EQ(run("input x: f32[N,4]\nparam a: f32[]\n"
                "y: f32[N,4] = quant(x, a) scheme=pact bits=2 grid=odd\noutput y\n",
                reals({1, 4}, {-9, -0.1f, 1.5f, 2.5f}), {{"a", reals({}, {3})}}),
            (Reals{-3, -1, 1, 3}));
}

TEST(Reference, FakeQuantizesWeights) {
  // docs/number_format.md: dorefa with 2 bits. The layer reads the weights out one by one.
  const auto values = evaluate_all(
      network("input x: f32[N,4]\nparam w: f32[1,4]\nq: f32[1,4] = quant(w) scheme=dorefa bits=2 grid=odd\n"
              "y: f32[N,1] = linear(x, q)\noutput y\n",
              {{"w", reals({1, 4}, {-0.5f, 0.1f, 0.3f, 0.9f})}}),
      reals({1, 4}, {0, 0, 0, 1}));
  const float third = 0.5f * (1.0f / 1.5f);
  EXPECT_EQ(reals_of(values.at("q")), (Reals{-third, third, third, 1}));
  EXPECT_EQ(reals_of(values.at("y")), (Reals{1}));
  EXPECT_EQ(values.size(), 4u);  // x and w too
}

TEST(Reference, QuantizesAndDequantizes) {
  const auto values = evaluate_all(
      network("input x: f32[N,4]\nq: i8[N,4] = quantize(x) bits=3 grid=symmetric step=0.5\n"
              "y: f32[N,4] = dequantize(q) bits=3 grid=symmetric step=0.5\n"
              "o: u8[N,4] = quantize(x) bits=8 grid=odd step=1.0\n"
              "z: f32[N,4] = dequantize(o) bits=8 grid=odd step=1.0\noutput y\noutput z\n"),
      reals({1, 4}, {-9, -0.75f, 0.25f, 200}));
  EXPECT_EQ(integers_of<int8_t>(values.at("q")), (Bytes{-3, -2, 0, 3}));
  EXPECT_EQ(reals_of(values.at("y")), (Reals{-1.5f, -1, 0, 1.5f}));
  EXPECT_EQ(integers_of<uint8_t>(values.at("o")), (Bytes{118, 127, 128, 255}));
  EXPECT_EQ(reals_of(values.at("z")), (Reals{-9.5f, -0.5f, 0.5f, 127.5f}));
}

TEST(Reference, ConvolvesCodes) {
  // Odd grid of 2 bits: multiplicands -3, 3. Padding counts as input_zero, so only pixels inside matter.
  const graph::Network net = network(
      "input x: u8[N,2,1,2]\nparam w: u8[1,2,1,2]\nparam m: f32[1]\nparam b: f32[1]\n"
      "acc: i32[N,1,1,3] = integer_conv2d(x, w) pads=[0,1,0,1] input_zero=[128,1] weight_bits=2 "
      "weight_grid=odd\ny: f32[N,1,1,3] = rescale(acc, m, b)\noutput y\n",
      {{"w", codes(DataType::u8, {1, 2, 1, 2}, {3, 0, 2, 1})},  // 3, -3; 1, -1
       {"m", reals({1}, {0.5f})},
       {"b", reals({1}, {-1})}});
  const auto values = evaluate_all(net, codes(DataType::u8, {1, 2, 1, 2}, {255, 0, 1, 3}));
  // Inputs less zero: 127, -128; 0, 2.
  EXPECT_EQ(integers_of<int32_t>(values.at("acc")), (Bytes{-381, 763, -382}));
  EXPECT_EQ(reals_of(values.at("y")), (Reals{-191.5f, 380.5f, -192}));
}

TEST(Reference, MultipliesSignedCodes) {
  const auto values = evaluate_all(
      network("input x: f32[N,2]\nparam w: i8[2,2]\nparam m: f32[2]\nparam b: f32[2]\n"
              "q: i8[N,2] = quantize(x) bits=8 grid=symmetric step=1.0\n"
              "acc: i32[N,2] = integer_linear(q, w) weight_bits=8 weight_grid=symmetric\n"
              "y: f32[N,2] = rescale(acc, m, b)\noutput y\n",
              {{"w", codes(DataType::i8, {2, 2}, {127, -127, 0, 1})},
               {"m", reals({2}, {1, 0.5f})},
               {"b", reals({2}, {0, 0.25f})}}),
      reals({1, 2}, {-200, 200}));
  EXPECT_EQ(integers_of<int32_t>(values.at("acc")), (Bytes{-32258, 127}));
  EXPECT_EQ(reals_of(values.at("y")), (Reals{-32258, 63.75f}));
}

TEST(Reference, RoundsTheAccumulatorToFloatFirst) {
  // 255 * 255 * 259 = 16841475 > 2^24 and odd: float32 has 16841476.
  constexpr int64_t kFeatures = 259;
  const Bytes most(kFeatures, 255);
  const auto values = evaluate_all(
      network("input x: u8[N,259]\nparam w: u8[1,259]\nparam m: f32[1]\nparam b: f32[1]\n"
              "acc: i32[N,1] = integer_linear(x, w) weight_bits=8 weight_grid=unsigned\n"
              "y: f32[N,1] = rescale(acc, m, b)\noutput y\n",
              {{"w", codes(DataType::u8, {1, kFeatures}, most)},
               {"m", reals({1}, {1})},
               {"b", reals({1}, {0})}}),
      codes(DataType::u8, {1, kFeatures}, most));
  EXPECT_EQ(integers_of<int32_t>(values.at("acc")), (Bytes{16841475}));
  EXPECT_EQ(reals_of(values.at("y")), (Reals{16841476}));
}

TEST(Reference, RefusesAccumulatorsBeyondInt32) {
  const auto message_for = [](int64_t features) {
    const Bytes most(static_cast<size_t>(features), 255);
    const std::string k = std::to_string(features);
    const graph::Network net = network("input x: u8[N," + k + "]\nparam w: u8[1," + k + "]\n" +
                                           "acc: i32[N,1] = integer_linear(x, w) weight_bits=8 "
                                           "weight_grid=odd\noutput acc\n",
                                       {{"w", codes(DataType::u8, {1, features}, most)}});
    return caught([&] { evaluate(net, codes(DataType::u8, {1, features}, most)); });
  };
  EXPECT_EQ(message_for(33025), "");  // 33025 * 255 * 255 = 2^31 - 33023
  EXPECT_TRUE(contains(message_for(33026), "does not fit into int32"));
  EXPECT_TRUE(contains(message_for(33026), "node 'acc' (integer_linear)"));
}

TEST(Reference, RefusesWeightCodesOutsideTheirGrid) {
  const graph::Network net =
      network("input x: u8[N,1]\nparam w: u8[1,1]\n"
              "acc: i32[N,1] = integer_linear(x, w) weight_bits=2 weight_grid=odd\noutput acc\n",
              {{"w", codes(DataType::u8, {1, 1}, {4})}});
  EXPECT_TRUE(contains(caught([&] { evaluate(net, codes(DataType::u8, {1, 1}, {0})); }),
                       "weight code 4 lies outside its grid, 0 to 3"));
}

TEST(Reference, RefusesOtherInputs) {
  const graph::Network net = network("input x: f32[N,2]\ny: f32[N,2] = relu(x)\noutput y\n");
  EXPECT_EQ(caught([&] { evaluate(net, codes(DataType::u8, {1, 2}, {0, 0})); }),
            "graph small: its input 'x' is f32[N,2], the tensor given is u8[1,2]");
  EXPECT_TRUE(contains(caught([&] { evaluate(net, reals({1, 3}, {0, 0, 0})); }), "given is f32[1,3]"));
  EXPECT_TRUE(contains(caught([&] { evaluate(net, reals({2}, {0, 0})); }), "given is f32[2]"));
  EXPECT_TRUE(contains(caught([&] { evaluate(net, reals({0, 2}, {})); }), "given is f32[0,2]"));
  EXPECT_EQ(caught([&] { evaluate(net, reals({3, 2}, {0, 0, 0, 0, 0, 0})); }), "");
  Tensor cut = reals({1, 2}, {0, 0});
  cut.bytes.pop_back();
  EXPECT_TRUE(contains(caught([&] { evaluate(net, cut); }), "has 7 bytes"));
}

TEST(Reference, RefusesOtherNetworks) {
  const Tensor x = reals({1, 1}, {0});
  EXPECT_TRUE(contains(caught([&] {
                         evaluate(network("input x: f32[N,1]\ninput z: f32[N,1]\n"
                                          "y: f32[N,1] = add(x, z)\noutput y\n"),
                                  x);
                       }),
                       "it has 2 inputs"));
  EXPECT_TRUE(contains(caught([&] {
                         evaluate(network("input x: f32[N,1]\ny: f32[N,1] = relu(x)\n"
                                          "output x\noutput y\n"),
                                  x);
                       }),
                       "it has 2 outputs"));
  const std::string clipped =
      "input x: f32[N,1]\nparam a: f32[]\n"
      "y: f32[N,1] = quant(x, a) scheme=pact bits=4 grid=unsigned\noutput y\n";
  EXPECT_TRUE(contains(caught([&] { evaluate(network(clipped), x); }), "its tensor is missing"));
  EXPECT_TRUE(contains(caught([&] { evaluate(network(clipped, {{"a", reals({}, {-1})}}), x); }),
                       "its alpha is -1, it must be positive"));
}

}  // namespace
}  // namespace pact::reference
