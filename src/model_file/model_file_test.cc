#include "model_file/model_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/caught.h"
#include "base/checksum.h"
#include "base/strings.h"
#include "graph/text.h"

namespace pact::model_file {
namespace {

using graph::DataType;
using graph::Tensor;

constexpr const char* kText = R"(graph tiny
input image: u8[N,2,3,3]
param conv.weight_codes: i8[4,2,1,1]
param conv.multiplier: f32[4]
param conv.bias: f32[4]
conv: i32[N,4,3,3] = integer_conv2d(image, conv.weight_codes) weight_bits=3 weight_grid=symmetric
bn: f32[N,4,3,3] = rescale(conv, conv.multiplier, conv.bias)
codes: u8[N,4,3,3] = quantize(bn) bits=2 grid=unsigned step=0.5
values: f32[N,4,3,3] = dequantize(codes) bits=2 grid=unsigned step=0.5
logits: f32[N,4] = global_avg_pool(values)
output logits
)";

Model tiny() {
  Model model{{graph::parse(kText, "tiny"), {}}, {"cat", "dog", "a frog", "Zürich"}};
  Tensor codes = Tensor::zeros(DataType::i8, {4, 2, 1, 1});
  for (int i = 0; i < 8; ++i) codes.as<int8_t>()[i] = static_cast<int8_t>(i % 7 - 3);
  model.network.tensors = {{"conv.weight_codes", codes},
                           {"conv.multiplier", Tensor::of({4}, std::vector<float>{0.5f, 0.25f, 1.0f, 3.0f})},
                           {"conv.bias", Tensor::of({4}, std::vector<float>{1.0f, -2.0f, 0.0f, 1e-3f})}};
  return model;
}

std::string refusal(const std::string& bytes) {
  return caught([&] { parse(bytes, "m.pact"); });
}

// The file with its metadata and tensors as `change` leaves them, and, unless it is of the checksum itself, a
// checksum that fits: what somebody hostile, and not chance, would write.
template <typename Change>
std::string forged(const Change& change) {
  graph::TensorFile file = graph::parse_safetensors(serialize(tiny()), "tiny");
  change(file);
  uint32_t sum = 0;
  const auto add = [&](std::string_view text) { sum = crc32(std::string_view("\0", 1), crc32(text, sum)); };
  for (const auto& [key, value] : file.metadata) {
    if (key == "crc32") continue;
    add(key);
    add(value);
  }
  for (const auto& [name, tensor] : file.tensors) {
    add(name);
    add(to_string(graph::TensorType{tensor.type, tensor.shape}));
    sum = crc32({reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()}, sum);
  }
  file.metadata["crc32"] = fmt::format("{:08x}", sum);
  return graph::serialize_safetensors(file);
}

std::string with_line(std::string_view old_line, const std::string& new_line) {
  return forged([&](graph::TensorFile& file) {
    std::string& text = file.metadata["graph"];
    const size_t at = text.find(old_line);
    ASSERT_NE(at, std::string::npos) << old_line << " in " << text;
    text.replace(at, text.find('\n', at) - at, new_line);
  });
}

TEST(ModelFile, ComesBackAsItWas) {
  const Model model = tiny();
  const std::string bytes = serialize(model);
  const Model back = parse(bytes, "m.pact");
  EXPECT_EQ(back.network.graph, model.network.graph);
  EXPECT_EQ(back.network.tensors, model.network.tensors);
  EXPECT_EQ(back.classes, model.classes);
  EXPECT_EQ(serialize(back), bytes);
}

TEST(ModelFile, PacksWeightsAtTheirBits) {
  const graph::TensorFile file = graph::parse_safetensors(serialize(tiny()), "m.pact");
  EXPECT_EQ(file.tensors.at("conv.weight_codes").bytes.size(), 3u);  // 8 codes of 3 bits
}

TEST(ModelFile, EveryFlippedBitIsNoticed) {
  const std::string good = serialize(tiny());
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ASSERT_NE(refusal(bad), "") << "bit " << bit;
  }
}

TEST(ModelFile, EveryTruncationAndAnyTailIsNoticed) {
  const std::string good = serialize(tiny());
  for (size_t size = 0; size < good.size(); ++size) ASSERT_NE(refusal(good.substr(0, size)), "") << size;
  EXPECT_PRED2(contains, refusal(good + "x"), "in no tensor");
  EXPECT_PRED2(contains, refusal(""), "m.pact");
}

TEST(ModelFile, ForeignFilesAreNamed) {
  graph::TensorFile other{{{"w", Tensor::of({1}, std::vector<float>{1.0f})}}, {}};
  EXPECT_PRED2(contains, refusal(graph::serialize_safetensors(other)), "no 'format'");
  other.metadata["format"] = "pt";
  EXPECT_PRED2(contains, refusal(graph::serialize_safetensors(other)), "'pt'");
  other.metadata["format"] = "pact.model.2";
  EXPECT_PRED2(contains, refusal(graph::serialize_safetensors(other)), "another version");
  EXPECT_PRED2(contains, refusal("GIF89a, a picture"), "m.pact");
}

TEST(ModelFile, HostileGraphsAreRefused) {
  // A cycle needs a value that is used before it is defined.
  EXPECT_PRED2(contains, refusal(with_line("bn: ", "bn: f32[N,4,3,3] = add(codes, values)")),
               "not defined before");
  // Sizes that overflow or lie about what the file holds.
  EXPECT_NE(refusal(with_line("param conv.weight_codes",
                              "param conv.weight_codes: i8[2147483648,2147483648,2147483648]")),
            "");
  EXPECT_PRED2(contains,
               refusal(with_line("param conv.weight_codes", "param conv.weight_codes: i8[4,2,3,3]")),
               "is declared");
  EXPECT_PRED2(contains, refusal(with_line("param conv.multiplier", "param conv.multiplier: f32[5]")),
               "multiplier");
  EXPECT_NE(refusal(with_line("input image", "input image: u8[N,2,-3,3]")), "");
  // Types and ops that do not go together.
  EXPECT_NE(refusal(with_line("param conv.weight_codes", "param conv.weight_codes: u8[4,2,1,1]")), "");
  EXPECT_NE(refusal(with_line("conv: ",
                              "conv: i32[N,4,3,3] = integer_conv2d(image, conv.weight_codes) "
                              "weight_bits=9 weight_grid=symmetric")),
            "");
  EXPECT_NE(refusal(with_line("codes: ", "codes: u8[N,4,3,3] = execute(bn)")), "");
  EXPECT_NE(refusal(with_line("output logits", "output codes")), "");
  EXPECT_NE(refusal(with_line("output logits", "output nowhere")), "");
}

TEST(ModelFile, HostileTensorsAreRefused) {
  const auto edit = [](const auto& change) {
    return refusal(forged([&](graph::TensorFile& file) { change(file.tensors); }));
  };
  EXPECT_PRED2(contains, edit([](graph::Tensors& t) { t.erase("conv.bias"); }), "conv.bias");
  EXPECT_PRED2(contains, edit([](graph::Tensors& t) { t.erase("conv.weight_codes"); }), "conv.weight_codes");
  EXPECT_PRED2(contains, edit([](graph::Tensors& t) { t["extra"] = t["conv.bias"]; }), "extra");
  EXPECT_PRED2(contains, edit([](graph::Tensors& t) { t["conv.bias"] = Tensor::zeros(DataType::i32, {4}); }),
               "conv.bias");
  EXPECT_PRED2(contains,
               edit([](graph::Tensors& t) { t["conv.weight_codes"] = Tensor::zeros(DataType::u8, {4}); }),
               "3 bytes");
  EXPECT_PRED2(contains,
               edit([](graph::Tensors& t) { t["conv.weight_codes"] = Tensor::zeros(DataType::f32, {3}); }),
               "packed codes are u8");
  // 100 in 3 bits: -4, which a symmetric grid does not have.
  EXPECT_PRED2(contains, edit([](graph::Tensors& t) { t["conv.weight_codes"].as<uint8_t>()[0] = 4; }),
               "no code");
}

TEST(ModelFile, HostileClassesAreRefused) {
  const auto with_classes = [](const std::string& text) {
    return refusal(forged([&](graph::TensorFile& file) { file.metadata["classes"] = text; }));
  };
  EXPECT_PRED2(contains, with_classes("a\nb"), "2 classes");
  EXPECT_NE(with_classes(""), "");
  EXPECT_EQ(with_classes("a\nb\nc\nd"), "");
}

TEST(ModelFile, WhatCannotBeDeployedIsNotWritten) {
  const auto refused = [](const auto& change) {
    Model model = tiny();
    change(model);
    return caught([&] { serialize(model); });
  };
  EXPECT_PRED2(contains, refused([](Model& m) { m.classes = {"one"}; }), "1 classes");
  EXPECT_PRED2(contains, refused([](Model& m) { m.classes[2] = "two\nlines"; }), "line break");
  EXPECT_PRED2(contains, refused([](Model& m) { m.network.tensors.erase("conv.bias"); }), "conv.bias");
  EXPECT_PRED2(contains,
               refused([](Model& m) { m.network.tensors["conv.weight_codes"].as<int8_t>()[5] = 100; }),
               "code 100");
  EXPECT_PRED2(contains, refused([](Model& m) {
                 m.network.graph = graph::parse(
                     "graph g\ninput x: f32[N,4]\nq: f32[N,4] = quant(x) bits=4 "
                     "scheme=dorefa grid=unsigned\noutput q\n",
                     "g");
                 m.network.tensors.clear();
               }),
               "fake quantization");
  EXPECT_PRED2(contains, refused([](Model& m) {
                 m.network.graph =
                     graph::parse("graph g\ninput x: f32[1,4]\ny: f32[1,4] = relu(x)\noutput y\n", "g");
                 m.network.tensors.clear();
               }),
               "[N,...]");
}

}  // namespace
}  // namespace pact::model_file
