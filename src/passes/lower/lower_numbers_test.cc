// The lowered network against the fake-quantized one, both evaluated by the reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "graph/text.h"
#include "passes/insert_quantizers.h"
#include "passes/lower/lower.h"
#include "reference/evaluate.h"

namespace pact::passes {
namespace {

using graph::DataType;
using graph::Network;
using graph::Tensor;
using graph::Tensors;

constexpr const char* kResidual = R"(graph residual
input image: f32[N,3,8,8]
param stem.weight: f32[4,3,3,3]
param stem.bn.gamma: f32[4]
param stem.bn.beta: f32[4]
buffer stem.bn.mean: f32[4]
buffer stem.bn.var: f32[4]
param a.weight: f32[8,4,3,3]
param a.bn.gamma: f32[8]
param a.bn.beta: f32[8]
buffer a.bn.mean: f32[8]
buffer a.bn.var: f32[8]
param b.weight: f32[8,4,3,3]
param b.bias: f32[8]
param fc.weight: f32[5,8]
param fc.bias: f32[5]
pixels: f32[N,3,8,8] = normalize(image) mean=[125.0,123.0,114.0] std=[64.0,64.0,64.0]
stem: f32[N,4,8,8] = conv2d(pixels, stem.weight) pads=[1,1,1,1]
stem.bn: f32[N,4,8,8] = batch_norm(stem, stem.bn.gamma, stem.bn.beta, stem.bn.mean, stem.bn.var)
stem.relu: f32[N,4,8,8] = relu(stem.bn)
a: f32[N,8,4,4] = conv2d(stem.relu, a.weight) pads=[1,1,1,1] strides=[2,2]
a.bn: f32[N,8,4,4] = batch_norm(a, a.bn.gamma, a.bn.beta, a.bn.mean, a.bn.var)
a.relu: f32[N,8,4,4] = relu(a.bn)
b: f32[N,8,4,4] = conv2d(a.relu, b.weight, b.bias) pads=[1,1,1,1] groups=2
narrow: f32[N,4,4,4] = slice(stem.relu) begin=[0,0,0] end=[4,8,8] step=[1,2,2]
shortcut: f32[N,8,4,4] = pad(narrow) after=[2,0,0] before=[2,0,0]
sum: f32[N,8,4,4] = add(b, shortcut)
relu: f32[N,8,4,4] = relu(sum)
pool: f32[N,8] = global_avg_pool(relu)
fc: f32[N,5] = linear(pool, fc.weight, fc.bias)
output fc
)";

// Weights around zero, statistics and gammas that differ between channels; some gammas are negative.
Network random_residual(uint64_t seed) {
  Network network{graph::parse(kResidual, "test"), {}};
  uint64_t stream = 0;
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    Random random(seed, ++stream);
    Tensor tensor = Tensor::zeros(DataType::f32, value.type.shape);
    for (float& x : tensor.as<float>()) {
      const double drawn = value.name.ends_with("var")     ? random.uniform(0.2, 2.0)
                           : value.name.ends_with("gamma") ? random.uniform(-0.5, 1.5)
                                                           : 0.3 * random.normal();
      x = static_cast<float>(drawn);
    }
    network.tensors[value.name] = std::move(tensor);
  }
  return network;
}

Tensor random_pixels(uint64_t seed, const graph::Shape& shape) {
  Random random(seed, 1000);
  Tensor pixels = Tensor::zeros(DataType::u8, shape);
  for (uint8_t& pixel : pixels.as<uint8_t>()) pixel = static_cast<uint8_t>(random.below(256));
  return pixels;
}

Tensor to_reals(const Tensor& pixels) {
  Tensor reals = Tensor::zeros(DataType::f32, pixels.shape);
  std::ranges::copy(pixels.as<uint8_t>(), reals.as<float>().begin());
  return reals;
}

struct Deviation {
  int64_t codes = 0, other_codes = 0, largest_code = 0;
  double largest = 0;  // of real values, relative to the largest magnitude of their tensor
};

struct Evaluated {
  Tensors trained, lowered;  // by name
};

Evaluated evaluate_both(const Network& trained, const Network& lowered, const Tensor& pixels) {
  const Tensor reals = to_reals(pixels);
  const bool takes_pixels = lowered.graph.value(lowered.graph.inputs()[0]).type.dtype == DataType::u8;
  return {reference::evaluate_all(trained, reals),
          reference::evaluate_all(lowered, takes_pixels ? pixels : reals)};
}

// Over all nodes that both networks have, but accumulators.
Deviation compare(const graph::Graph& lowered, const Evaluated& values) {
  Deviation deviation;
  for (const graph::Node& node : lowered.nodes()) {
    const Tensor& tensor = values.lowered.at(node.name);
    // Slices and pads of codes are seen in what adds them.
    const bool is_picked = tensor.type != DataType::f32 && node.op != graph::Op::quantize;
    if (!values.trained.contains(node.name) || is_picked) continue;
    const auto wanted = values.trained.at(node.name).as<float>();
    if (node.op == graph::Op::quantize) {
      const double step = node.real("step");
      for (size_t i = 0; i < wanted.size(); ++i) {
        const auto code = static_cast<int64_t>(std::lround(static_cast<double>(wanted[i]) / step));
        const int64_t off = std::abs(code - int64_t{tensor.as<uint8_t>()[i]});
        ++deviation.codes;
        deviation.other_codes += off != 0;
        deviation.largest_code = std::max(deviation.largest_code, off);
      }
      continue;
    }
    double scale = 1e-6;
    for (const float x : wanted) scale = std::max(scale, static_cast<double>(std::fabs(x)));
    for (size_t i = 0; i < wanted.size(); ++i) {
      const double off = static_cast<double>(tensor.as<float>()[i]) - static_cast<double>(wanted[i]);
      deviation.largest = std::max(deviation.largest, std::fabs(off) / scale);
    }
  }
  return deviation;
}

// Codes differ only where the two ways of rounding fall on different sides of a tie; without such a tie in
// front, real values agree to float32.
void expect_equal_networks(const BitPolicy& policy, uint64_t seed, const std::string& what) {
  const Network trained = insert_quantizers(random_residual(seed), policy);
  const Network lowered = lower(trained);
  const Deviation deviation =
      compare(lowered.graph, evaluate_both(trained, lowered, random_pixels(seed, {2, 3, 8, 8})));
  EXPECT_LE(deviation.largest_code, 1) << what;
  EXPECT_LE(deviation.other_codes * 100, deviation.codes) << what;
  if (deviation.other_codes == 0) {
    EXPECT_LT(deviation.largest, 1e-3) << what;
  }
}

TEST(LowerNumbers, AllWeightSchemesAndBitsAgreeWithFakeQuantization) {
  for (const char* scheme : {"dorefa", "sawb", "symmetric"})
    for (int bits = 1; bits <= 8; ++bits) {
      if (bits == 1 && std::string(scheme) == "symmetric") continue;
      for (uint64_t seed = 1; seed <= 3; ++seed)
        expect_equal_networks({.weights = bits,
                               .activations = bits,
                               .first_layer = bits,
                               .weight_scheme = scheme,
                               .alpha = 2.0,
                               .overrides = {}},
                              seed, fmt::format("{} with {} bits, seed {}", scheme, bits, seed));
    }
}

// Codes on the shortcut of option A, which the sum turns back.
TEST(LowerNumbers, CodedShortcutsAgreeWithFakeQuantization) {
  for (const char* activations : {"pact", "dorefa", "lsq"})
    for (int bits = 2; bits <= 8; ++bits)
      expect_equal_networks({.weights = bits,
                             .activations = bits,
                             .activation_scheme = activations,
                             .alpha = 2.0,
                             .shortcuts = Shortcuts::codes,
                             .overrides = {}},
                            static_cast<uint64_t>(bits), fmt::format("{} with {} bits", activations, bits));
}

// The value of a code is one float32 product, there as here: no shortcut differs in any bit, but for codes that tie.
TEST(LowerNumbers, AShortcutsCodesHaveTheValuesThatWereTrained) {
  const BitPolicy policy{
      .weights = 4, .activations = 5, .alpha = 1.7, .shortcuts = Shortcuts::codes, .overrides = {}};
  const Network trained = insert_quantizers(random_residual(3), policy);
  const Evaluated values = evaluate_both(trained, lower(trained), random_pixels(3, {2, 3, 8, 8}));
  const auto found = values.lowered.at("sum.shortcut").as<float>(),
             wanted = values.trained.at("shortcut").as<float>();
  ASSERT_EQ(found.size(), wanted.size());
  size_t others = 0;
  for (size_t i = 0; i < found.size(); ++i)
    if (found[i] != wanted[i]) {  // the neighbouring code, next to a tie
      EXPECT_NEAR(found[i], wanted[i], 1.001f * 1.7f / 31);
      ++others;
    }
  EXPECT_LE(others, found.size() / 100);
}

TEST(LowerNumbers, MixedFloatAndDorefaActivationsAgreeWithFakeQuantization) {
  for (const char* change : {"a=w32", "a=a32", "b=w32a32", "stem=w32", "fc=w32", "*=a32", "*=w32"})
    for (const char* activations : {"pact", "dorefa"})
      expect_equal_networks({.weights = 3,
                             .activations = 4,
                             .activation_scheme = activations,
                             .alpha = 2.0,
                             .overrides = {parse_bit_override(change)}},
                            7, fmt::format("{}, {}", change, activations));
}

std::filesystem::path cifar10_test_file() {
  const char* data = std::getenv("PACT_DATA");
  return std::filesystem::path(data ? data : "") / "cifar10/test_batch.bin";
}

// The first `count` images; a record is a label byte and 3072 pixel bytes.
Tensor cifar10_images(size_t count) {
  constexpr size_t kPixels = 3072;
  const std::string bytes = read_file(cifar10_test_file());
  Tensor images = Tensor::zeros(DataType::u8, {static_cast<int64_t>(count), 3, 32, 32});
  for (size_t i = 0; i < count; ++i)
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(i * (kPixels + 1) + 1), kPixels,
                images.as<uint8_t>().begin() + static_cast<ptrdiff_t>(i * kPixels));
  return images;
}

std::vector<size_t> classes_of(const Tensor& logits) {
  const size_t classes = static_cast<size_t>(logits.shape[1]);
  std::vector<size_t> chosen;
  for (auto rest = logits.as<float>(); !rest.empty(); rest = rest.subspan(classes))
    chosen.push_back(static_cast<size_t>(std::ranges::max_element(rest.first(classes)) - rest.begin()));
  return chosen;
}

TEST(LowerNumbers, TheTrainedResnet20ChoosesTheSameClasses) {
  const std::filesystem::path run = std::filesystem::path("models") / "resnet20-cifar10-w4a4";
  if (!std::filesystem::exists(run / "last.safetensors"))
    GTEST_SKIP() << "needs " << run << " under the working directory";
  if (!std::filesystem::exists(cifar10_test_file()))
    GTEST_SKIP() << "needs CIFAR-10: set PACT_DATA to the folder that holds cifar10/ (see docs/data.md)";

  Network trained{graph::parse(read_file(run / "graph.txt"), "graph.txt"), {}};
  Tensors file = graph::read_safetensors(run / "last.safetensors").tensors;
  for (const graph::Value& value : trained.graph.values())
    if (value.kind == graph::ValueKind::parameter || value.kind == graph::ValueKind::buffer)
      trained.tensors[value.name] = file.at(value.name);
  const Network lowered = lower(trained);
  ASSERT_EQ(lowered.graph.value(lowered.graph.inputs()[0]).type.dtype, DataType::u8);

  const Evaluated values = evaluate_both(trained, lowered, cifar10_images(4));
  EXPECT_EQ(classes_of(values.lowered.at("fc")), classes_of(values.trained.at("fc")));
  const Deviation deviation = compare(lowered.graph, values);
  RecordProperty("codes", std::to_string(deviation.codes));
  RecordProperty("other_codes", std::to_string(deviation.other_codes));
  EXPECT_LE(deviation.other_codes * 100, deviation.codes);
}

}  // namespace
}  // namespace pact::passes
