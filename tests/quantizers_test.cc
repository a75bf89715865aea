// Every quantizer of the catalogs goes the whole way here, with no list of names: inserted, trained on a few
// images of `shapes`, killed and resumed to the same bits, lowered, run by the engine with the bits of the
// reference, written as ONNX and as a model file and read again. The network is tiny, and has inputs behind a
// ReLU and without one.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/caught.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "base/strings.h"
#include "data/dataset.h"
#include "engine/engine.h"
#include "graph/text.h"
#include "model_file/model_file.h"
#include "onnx_io/export.h"
#include "onnx_io/import.h"
#include "passes/insert_quantizers.h"
#include "passes/lower/lower.h"
#include "quant/activations.h"
#include "quant/weights.h"
#include "reference/evaluate.h"
#include "train/run_directory.h"
#include "train/trainer.h"

namespace pact {
namespace {

namespace fs = std::filesystem;
using graph::DataType;
using graph::Network;
using graph::Tensor;
using quant::Granularity;

// `narrow` has no ReLU: what `wide` reads may be negative.
constexpr const char* kNetwork = R"(graph tiny
input image: f32[N,3,32,32]
param stem.weight: f32[8,3,3,3]
param stem.bn.gamma: f32[8]
param stem.bn.beta: f32[8]
buffer stem.bn.mean: f32[8]
buffer stem.bn.var: f32[8]
param narrow.weight: f32[6,8,3,3]
param narrow.bn.gamma: f32[6]
param narrow.bn.beta: f32[6]
buffer narrow.bn.mean: f32[6]
buffer narrow.bn.var: f32[6]
param wide.weight: f32[12,6,3,3]
param wide.bn.gamma: f32[12]
param wide.bn.beta: f32[12]
buffer wide.bn.mean: f32[12]
buffer wide.bn.var: f32[12]
param fc.weight: f32[10,12]
param fc.bias: f32[10]
pixels: f32[N,3,32,32] = normalize(image) mean=[128.0,128.0,128.0] std=[64.0,64.0,64.0]
stem: f32[N,8,16,16] = conv2d(pixels, stem.weight) pads=[1,1,1,1] strides=[2,2]
stem.bn: f32[N,8,16,16] = batch_norm(stem, stem.bn.gamma, stem.bn.beta, stem.bn.mean, stem.bn.var)
stem.relu: f32[N,8,16,16] = relu(stem.bn)
narrow: f32[N,6,8,8] = conv2d(stem.relu, narrow.weight) pads=[1,1,1,1] strides=[2,2]
narrow.bn: f32[N,6,8,8] = batch_norm(narrow, narrow.bn.gamma, narrow.bn.beta, narrow.bn.mean, narrow.bn.var)
wide: f32[N,12,4,4] = conv2d(narrow.bn, wide.weight) pads=[1,1,1,1] strides=[2,2]
wide.bn: f32[N,12,4,4] = batch_norm(wide, wide.bn.gamma, wide.bn.beta, wide.bn.mean, wide.bn.var)
wide.relu: f32[N,12,4,4] = relu(wide.bn)
pool: f32[N,12] = global_avg_pool(wide.relu)
fc: f32[N,10] = linear(pool, fc.weight, fc.bias)
output fc
)";

Network float_network() {
  Network network{graph::parse(kNetwork, "test"), {}};
  uint64_t stream = 0;
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    Random random(7, ++stream);
    Tensor tensor = Tensor::zeros(DataType::f32, value.type.shape);
    const bool is_weight = value.name.ends_with("weight");
    const bool is_one = value.name.ends_with("gamma") || value.name.ends_with("var");
    const double fan_in = static_cast<double>(tensor.count()) / static_cast<double>(value.type.shape[0]);
    for (float& x : tensor.as<float>())
      x = is_weight ? static_cast<float>(random.normal() * std::sqrt(2 / fan_in)) : is_one ? 1.0f : 0.0f;
    network.tensors[value.name] = std::move(tensor);
  }
  return network;
}

struct Case {
  std::string weights, activations;
  Granularity weight_granularity = Granularity::tensor, activation_granularity = Granularity::tensor;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& w : quant::weight_schemes())
    for (const auto& a : quant::activation_schemes())
      all.push_back({std::string(w.name), std::string(a.name)});
  for (const auto& w : quant::weight_schemes())
    all.push_back({std::string(w.name), "pact", Granularity::channel, Granularity::tensor});
  for (const auto& a : quant::activation_schemes())
    all.push_back({"sawb", std::string(a.name), Granularity::tensor, Granularity::channel});
  return all;
}

std::string name_of_case(const testing::TestParamInfo<Case>& info) {
  const auto channel = [](Granularity g) { return g == Granularity::channel ? "_channel" : ""; };
  return info.param.weights + channel(info.param.weight_granularity) + "_with_" + info.param.activations +
         channel(info.param.activation_granularity);
}

const data::TrainTest& images() {
  static const data::TrainTest set = data::load_dataset("shapes:train=96,test=24");
  return set;
}

class Quantizers : public testing::TestWithParam<Case> {
 protected:
  Quantizers() {
    std::string name = (fs::temp_directory_path() / "pact-quantizers-XXXXXX").string();
    PACT_CHECK(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
  }
  ~Quantizers() override { fs::remove_all(directory_); }

  static Network inserted() {
    const Case& c = GetParam();
    const int bits = std::clamp(3, entry_of(quant::weight_scheme_of(c.weights)).least_bits,
                                entry_of(quant::weight_scheme_of(c.weights)).most_bits);
    return passes::insert_quantizers(float_network(), {.weights = bits,
                                                       .activations = 3,
                                                       .weight_scheme = c.weights,
                                                       .activation_scheme = c.activations,
                                                       .weight_granularity = c.weight_granularity,
                                                       .activation_granularity = c.activation_granularity,
                                                       .overrides = {}});
  }

  // Trains into `name`; interrupted after `steps` where that is not 0, and then resumed.
  Network train(const std::string& name, int64_t steps) const {
    train::TrainRequest request;
    request.network = inserted();
    request.settings.epochs = 3, request.settings.batch = 16, request.settings.threads = 1;
    request.settings.rate = 0.05, request.settings.precision = "fp32", request.settings.alpha_start = "data";
    request.settings.crop_pad = 0, request.settings.flip = "no", request.settings.schedule = "cosine";
    request.train = &images().train, request.test = &images().test;
    request.directory = directory_ / name;
    std::atomic<bool> stop{false};
    train::Observer observer;
    if (steps > 0) {
      request.stop = &stop;
      observer.on_step = [&](const train::StepReport& report) {
        stop = (report.epoch - 1) * report.steps + report.step == steps;
      };
      EXPECT_EQ(train::train(request, observer).outcome, train::Outcome::interrupted);
      stop = false;
      request.continuation = train::Continuation::resume;
      observer = {};
    }
    train::train(request, observer);
    return train::load_network(request.directory);
  }

  // Of the training images, in the first and the last epoch.
  std::pair<double, double> losses(const std::string& name) const {
    std::vector<double> all;
    for (const std::string& line : split(read_file(directory_ / name / "metrics.jsonl"), '\n'))
      if (!line.empty()) all.push_back(nlohmann::json::parse(line).at("train_loss").get<double>());
    return {all.front(), all.back()};
  }

  fs::path directory_;
};

// In per cent, of the test images.
double top1_of(const Tensor& scores) {
  const std::span<const float> all = scores.as<float>();
  int correct = 0;
  for (size_t i = 0; i < images().test.count(); ++i)
    correct += std::ranges::max_element(all.subspan(10 * i, 10)) - all.subspan(10 * i, 10).begin() ==
               images().test.labels[i];
  return 100.0 * correct / static_cast<double>(images().test.count());
}

Tensor pixels(const Network& network) {
  const data::Dataset& set = images().test;
  const int64_t count = static_cast<int64_t>(set.count()), area = 32 * 32;
  Tensor u8 = Tensor::zeros(DataType::u8, {count, 3, 32, 32}),
         f32 = Tensor::zeros(DataType::f32, {count, 3, 32, 32});
  for (int64_t i = 0; i < count; ++i)
    for (int64_t c = 0; c < 3; ++c)
      for (int64_t at = 0; at < area; ++at) {
        const uint8_t pixel = set.pixels[static_cast<size_t>((i * area + at) * 3 + c)];
        u8.as<uint8_t>()[static_cast<size_t>((i * 3 + c) * area + at)] = pixel;
        f32.as<float>()[static_cast<size_t>((i * 3 + c) * area + at)] = pixel;
      }
  return network.graph.value(network.graph.inputs()[0]).type.dtype == DataType::u8 ? u8 : f32;
}

// Wherever the best score leads by more than codes beside a tie may change, both choose the same class.
void expect_equal_predictions(const Tensor& ours, const Tensor& expected) {
  const std::span<const float> a = ours.as<float>(), b = expected.as<float>();
  ASSERT_EQ(a.size(), b.size());
  int compared = 0;
  for (size_t at = 0; at < a.size(); at += 10) {
    const auto best =
        std::max_element(b.begin() + static_cast<ptrdiff_t>(at), b.begin() + static_cast<ptrdiff_t>(at + 10));
    const size_t winner = static_cast<size_t>(best - b.begin());
    float second = -INFINITY, reach = 0;
    for (size_t i = at; i < at + 10; ++i) {
      if (i != winner) second = std::max(second, b[i]);
      reach = std::max(reach, std::abs(b[i]));
      EXPECT_NEAR(a[i], b[i], 0.08f * (reach + 1));
    }
    if (*best - second < 0.03f * reach) continue;
    ++compared;
    const auto ours_best =
        std::max_element(a.begin() + static_cast<ptrdiff_t>(at), a.begin() + static_cast<ptrdiff_t>(at + 10));
    EXPECT_EQ(static_cast<size_t>(ours_best - a.begin()), winner);
  }
  EXPECT_GT(compared, 12);
}

TEST_P(Quantizers, GoTheWholeWay) {
  const Network trained = train("whole", 0);

  // It learned, and everything that its schemes learn moved.
  const Network before = inserted();
  for (const auto& [name, tensor] : trained.tensors) {
    if (name.ends_with(".weight") || name.ends_with(".alpha") || name.ends_with(".step")) {
      EXPECT_NE(tensor, before.tensors.at(name)) << name;
    }
    for (const float x : tensor.as<float>()) {
      ASSERT_TRUE(std::isfinite(x)) << name;
    }
  }

  // Stopped in the second epoch and resumed, it ends with the same bits.
  const Network resumed = train("resumed", 8);
  EXPECT_EQ(resumed.tensors, trained.tensors);

  const auto [first_loss, last_loss] = losses("whole");
  EXPECT_LT(last_loss, first_loss);

  // The reference tells the classes that training's own evaluation does.
  const Tensor expected = reference::evaluate(trained, pixels(trained));
  EXPECT_NEAR(top1_of(expected), train::evaluate(trained, images().test, {.threads = 1}).top1,
              100.0 / 24 + 1e-9);

  if (GetParam().activation_granularity == Granularity::channel && GetParam().activations != "dorefa") {
    const std::string refusal = caught([&] { passes::lower(trained); });
    EXPECT_NE(refusal.find("for each channel"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find("--activation-granularity tensor"), std::string::npos) << refusal;
    EXPECT_NE(caught([&] { onnx_io::export_onnx(trained, {}); }).find("for each channel"), std::string::npos);
    return;
  }

  const Network lowered = passes::lower(trained);
  for (const graph::Node& node : lowered.graph.nodes())
    EXPECT_TRUE(node.op != graph::Op::conv2d && node.op != graph::Op::linear)
        << node.name << " is still float";
  const Tensor integers = reference::evaluate(lowered, pixels(lowered));
  expect_equal_predictions(integers, expected);
  engine::Engine engine(lowered, {.isa = selected_isa(), .threads = 1, .max_batch = 8});
  EXPECT_EQ(engine.run(pixels(lowered)), integers);

  const model_file::Model read = model_file::parse(model_file::serialize({lowered, {}}), "test");
  EXPECT_EQ(read.network.tensors, lowered.tensors);

  for (const onnx_io::Format format : {onnx_io::Format::qcdq, onnx_io::Format::qonnx}) {
    SCOPED_TRACE(name_of(format));
    const Network imported =
        onnx_io::import_onnx(onnx_io::export_onnx(trained, {.format = format}), "test", {});
    const Network again = passes::lower(imported);
    EXPECT_EQ(reference::evaluate(again, pixels(again)), integers);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Quantizers, testing::ValuesIn(cases()), name_of_case);

}  // namespace
}  // namespace pact
