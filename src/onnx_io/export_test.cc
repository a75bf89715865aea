#include "onnx_io/export.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/caught.h"
#include "base/files.h"
#include "base/random.h"
#include "graph/text.h"
#include "onnx_io/class_names.h"
#include "onnx_io/import.h"
#include "quant/weights.h"

namespace pact::onnx_io {
namespace {

using graph::Tensor;

graph::Network layer(const std::string& scheme, int bits) {
  const auto grid = quant::name_of(quant::grid_kind_of(quant::weight_scheme_of(scheme)));
  graph::Network network{graph::parse(fmt::format(R"(graph layer
input image: f32[N,2,6,6]
param conv.weight: f32[3,2,3,3]
param q.alpha: f32[]
pixels: f32[N,2,6,6] = normalize(image) mean=[125.0,123.5] std=[64.0,63.1]
relu: f32[N,2,6,6] = relu(pixels)
q: f32[N,2,6,6] = quant(relu, q.alpha) bits={} grid=unsigned scheme=pact
w: f32[3,2,3,3] = quant(conv.weight) bits={} grid={} scheme={}
conv: f32[N,3,6,6] = conv2d(q, w) pads=[1,1,1,1]
output conv
)",
                                                  bits, bits, grid, scheme),
                                      "test"),
                         {}};
  Random random(static_cast<uint64_t>(bits));
  Tensor weights = Tensor::zeros(graph::DataType::f32, {3, 2, 3, 3});
  for (float& each : weights.as<float>()) each = static_cast<float>(random.uniform()) - 0.4f;
  network.tensors["conv.weight"] = std::move(weights);
  const float alpha[] = {1.7f};
  network.tensors["q.alpha"] = Tensor::of({}, alpha);
  return network;
}

// Written and read again: the same codes on the same grid, the same alpha, the same pixels.
void expect_round_trip(const std::string& scheme, int bits, const ExportOptions& options) {
  SCOPED_TRACE(fmt::format("{} {} {} {}", scheme, bits, name_of(options.format),
                           options.storage == Storage::packed ? "packed" : "bytes"));
  const graph::Network before = layer(scheme, bits);
  const graph::Network after = import_onnx(export_onnx(before, options), "test", {});
  EXPECT_EQ(after.graph.node(0).attributes, before.graph.node(0).attributes);  // normalize

  const auto weights = before.tensors.at("conv.weight").as<float>();
  const quant::WeightGrid grid = quant::choose_weight_grid(quant::weight_scheme_of(scheme), bits, weights);
  std::vector<int16_t> codes(weights.size());
  quant::quantize_weights(grid, weights, codes);
  const graph::Node* conv = after.graph.producer(after.graph.outputs()[0]);
  const graph::Node* dequantize = after.graph.producer(conv->inputs[1]);
  ASSERT_EQ(dequantize->op, graph::Op::dequantize);
  const quant::Grid found{quant::grid_kind_of(dequantize->word("grid")),
                          static_cast<int>(dequantize->integer("bits")),
                          static_cast<float>(dequantize->real("step"))};
  const Tensor& stored = after.tensors.at(after.graph.value(dequantize->inputs[0]).name);
  EXPECT_EQ(found.kind, grid.grid.kind);
  for (size_t i = 0; i < codes.size(); ++i) {
    const int code =
        found.kind == quant::GridKind::symmetric ? stored.as<int8_t>()[i] : stored.as<uint8_t>()[i];
    EXPECT_EQ(found.value_of(code), grid.grid.value_of(codes[i]));
  }

  const graph::Node* activation = after.graph.producer(conv->inputs[0]);
  ASSERT_EQ(activation->op, graph::Op::quant);
  EXPECT_EQ(activation->integer("bits"), bits);
  const float alpha = after.tensors.at(after.graph.value(activation->inputs[1]).name).as<float>()[0];
  const float largest = static_cast<float>((1 << bits) - 1);
  EXPECT_EQ(alpha / largest, 1.7f / largest);
}

TEST(Export, RoundTripsEveryQuantizer) {
  for (const quant::WeightSchemeEntry& entry : quant::weight_schemes()) {
    const std::string scheme(entry.name);
    if (entry.learned != quant::Learned::nothing) continue;  // tests/quantizers_test.cc
    for (int bits = entry.least_bits; bits <= entry.most_bits; ++bits) {
      expect_round_trip(scheme, bits, {});
      expect_round_trip(scheme, bits, {.pixels = Pixels::u8});
      expect_round_trip(scheme, bits, {.storage = Storage::packed});
      expect_round_trip(scheme, bits, {.storage = Storage::packed_to_2_bits});
      expect_round_trip(scheme, bits, {.format = Format::qonnx});
    }
  }
}

TEST(Export, WhatItWroteTakesNoOtherNormalization) {
  const std::string message = caught([] {
    import_onnx(export_onnx(layer("symmetric", 4), {}), "test", {.mean = {0.1, 0.1}, .std = {0.9, 0.9}});
  });
  EXPECT_TRUE(contains(message, "raw pixels") && contains(message, "--mean")) << message;
}

TEST(Export, PackedTakesHalfABytePerWeight) {
  const size_t bytes = export_onnx(layer("symmetric", 4), {}).size();
  const size_t packed = export_onnx(layer("symmetric", 4), {.storage = Storage::packed}).size();
  EXPECT_EQ(bytes - packed, 54u / 2);
}

TEST(Export, PackedTo2BitsTakesAQuarterOfAByteForTwoBits) {
  const size_t nibbles = export_onnx(layer("sawb", 2), {.storage = Storage::packed}).size();
  const size_t pairs = export_onnx(layer("symmetric", 2), {.storage = Storage::packed_to_2_bits}).size();
  EXPECT_LE(pairs + 54u / 4, nibbles);
}

TEST(Export, KeepsTheNamesOfClasses) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("pact-classes-{}.onnx", ::getpid());
  const std::vector<std::string> names = {"cat", "tench, Tinca tinca", "Zürich"};
  const std::string bytes = export_onnx(layer("symmetric", 4), {.classes = names});
  write_file(path, bytes);
  EXPECT_EQ(read_class_names(path), names);
  for (size_t length = 0; length < bytes.size(); length += 7) {  // cut off: all of them or none
    write_file(path, std::string_view(bytes).substr(0, length));
    const std::vector<std::string> found = read_class_names(path);
    EXPECT_TRUE(found.empty() || found == names) << length;
  }
  write_file(path, export_onnx(layer("symmetric", 4), {}));
  EXPECT_TRUE(read_class_names(path).empty());
  std::filesystem::remove(path);
  EXPECT_TRUE(read_class_names(path).empty());
  for (const char* name : {"", "a\nb"})
    EXPECT_PRED2(contains, caught([&] { export_onnx(layer("symmetric", 4), {.classes = {"cat", name}}); }),
                 "must not be empty or hold a line break");
}

// Weights from elsewhere: all of int8, and a step for each output.
TEST(Export, RoundTripsGridsOfOtherTools) {
  graph::Network network{graph::parse(R"(graph layer
input image: f32[N,2,6,6]
param codes: u8[3,2,3,3]
param steps: f32[3]
param q.alpha: f32[]
pixels: f32[N,2,6,6] = normalize(image) mean=[125.0,123.5] std=[64.0,63.1]
q: f32[N,2,6,6] = quant(pixels, q.alpha) bits=8 grid=unsigned scheme=pact zero=120
w: f32[3,2,3,3] = dequantize(codes, steps) bits=8 grid=unsigned step=1.0 zero=128
conv: f32[N,3,6,6] = conv2d(q, w) pads=[1,1,1,1]
output conv
)",
                                      "test"),
                         {}};
  Tensor codes = Tensor::zeros(graph::DataType::u8, {3, 2, 3, 3});
  for (size_t i = 0; i < codes.bytes.size(); ++i) codes.bytes[i] = static_cast<std::byte>(i * 5);
  codes.bytes[0] = std::byte{255};
  codes.bytes[1] = std::byte{0};  // -128, which no symmetric grid has
  network.tensors["codes"] = codes;
  const float steps[] = {0.5f, 0.1f, 0.25f}, alpha[] = {2.55f};
  network.tensors["steps"] = Tensor::of({3}, steps);
  network.tensors["q.alpha"] = Tensor::of({}, alpha);
  const graph::Network after = import_onnx(export_onnx(network, {}), "test", {});
  const graph::Node* conv = after.graph.producer(after.graph.outputs()[0]);
  const graph::Node* weight = after.graph.producer(conv->inputs[1]);
  // int8 with its lowest code is a signed grid: the same numbers, 128 lower.
  EXPECT_EQ(weight->word("grid"), "signed");
  const Tensor& read = after.tensors.at(after.graph.value(weight->inputs[0]).name);
  ASSERT_EQ(read.shape, codes.shape);
  for (size_t i = 0; i < codes.bytes.size(); ++i)
    EXPECT_EQ(static_cast<int8_t>(read.bytes[i]), static_cast<int>(codes.bytes[i]) - 128) << i;
  EXPECT_EQ(after.tensors.at(after.graph.value(weight->inputs[1]).name), network.tensors["steps"]);
  EXPECT_EQ(after.graph.producer(conv->inputs[0])->integer("zero"), 120);
}

// One quantizer for the layer and the addition, and for the slice of a shortcut that changes its shape.
TEST(Export, RoundTripsShortcutsOfCodes) {
  graph::Network network{graph::parse(R"(graph shortcuts
input image: f32[N,2,6,6]
param alpha: f32[]
param v: f32[2,2,1,1]
param w: f32[4,2,3,3]
pixels: f32[N,2,6,6] = normalize(image) mean=[125.0,123.5] std=[64.0,63.1]
q: f32[N,2,6,6] = quant(pixels, alpha) bits=4 grid=symmetric scheme=pact
vq: f32[2,2,1,1] = quant(v) bits=4 grid=symmetric scheme=symmetric
a: f32[N,2,6,6] = conv2d(q, vq)
sum: f32[N,2,6,6] = add(a, q)
relu: f32[N,2,6,6] = relu(sum)
r: f32[N,2,6,6] = quant(relu, alpha) bits=8 grid=unsigned scheme=pact
narrow: f32[N,2,3,3] = slice(r) begin=[0,0,0] end=[2,6,6] step=[1,2,2]
wide: f32[N,4,3,3] = pad(narrow) after=[1,0,0] before=[1,0,0]
wq: f32[4,2,3,3] = quant(w) bits=4 grid=symmetric scheme=symmetric
b: f32[N,4,3,3] = conv2d(r, wq) pads=[1,1,1,1] strides=[2,2]
total: f32[N,4,3,3] = add(wide, b)
output total
)",
                                      "test"),
                         {}};
  Random random(3);
  for (const char* name : {"v", "w"}) {
    Tensor weights =
        Tensor::zeros(graph::DataType::f32, network.graph.value(*network.graph.find(name)).type.shape);
    for (float& each : weights.as<float>()) each = static_cast<float>(random.uniform()) - 0.4f;
    network.tensors[name] = std::move(weights);
  }
  const float alpha[] = {1.7f};
  network.tensors["alpha"] = Tensor::of({}, alpha);
  for (const Format format : {Format::qcdq, Format::qonnx}) {
    const graph::Network after = import_onnx(export_onnx(network, {.format = format}), "test", {});
    const auto input = [&](const graph::Node* node, size_t i) {
      return after.graph.producer(node->inputs[i]);
    };
    const graph::Node* total = after.graph.producer(after.graph.outputs()[0]);
    const graph::Node *pad = input(total, 0), *b = input(total, 1);
    ASSERT_EQ(pad->op, graph::Op::pad) << name_of(format);
    const graph::Node *r = input(input(pad, 0), 0), *sum = input(input(r, 0), 0);
    EXPECT_EQ(r->op, graph::Op::quant);
    EXPECT_EQ(r->output, b->inputs[0]) << graph::print(after.graph);
    ASSERT_EQ(sum->op, graph::Op::add);
    EXPECT_EQ(input(sum, 1)->op, graph::Op::quant);
    EXPECT_EQ(sum->inputs[1], input(sum, 0)->inputs[0]) << graph::print(after.graph);
  }
}

TEST(Export, RefusesWhatHasNoForm) {
  EXPECT_TRUE(contains(
      caught([] { export_onnx(layer("sawb", 4), {.format = Format::qonnx, .storage = Storage::packed}); }),
      "packed weights go with format qcdq"));
  graph::Network network = layer("sawb", 4);
  network.tensors.at("q.alpha").as<float>()[0] = -1.0f;
  EXPECT_TRUE(contains(caught([&] { export_onnx(network, {}); }), "node 'q' (quant)"));
  EXPECT_TRUE(contains(caught([] { format_of("qdcq"); }), "did you mean 'qcdq'"));
}

}  // namespace
}  // namespace pact::onnx_io
