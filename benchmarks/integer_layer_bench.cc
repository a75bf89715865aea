// Multiplications per cycle of integer layers, requantization included, with every algorithm of the engine.
// The layers are those of ResNet-18 and ResNet-20. In each round all algorithms take their turn on a layer,
// one image, one thread, together with a chain of additions that tells the clock; the shortest times are
// printed, since others tell of neighbours on the machine, and medians as ratios to the int16 algorithm.
//
//   integer_layer_bench [rounds] [weight bits] [activation bits] [part of a layer's name]

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "engine/engine.h"
#include "quant/grid.h"

namespace {

using pact::engine::Engine;
using pact::graph::DataType;
using pact::graph::Op;
using Clock = std::chrono::steady_clock;

struct Layer {
  const char* name;
  int64_t channels, size, outputs, kernel, stride;
};

constexpr Layer kLayers[] = {
    {"resnet18 stem 224x224x3", 3, 224, 64, 7, 2}, {"resnet18 56x56x64", 64, 56, 64, 3, 1},
    {"resnet18 56x56x64 /2", 64, 56, 128, 3, 2},   {"resnet18 56x56x64 1x1 /2", 64, 56, 128, 1, 2},
    {"resnet18 28x28x128", 128, 28, 128, 3, 1},    {"resnet18 14x14x256", 256, 14, 256, 3, 1},
    {"resnet18 7x7x512", 512, 7, 512, 3, 1},       {"resnet18 fc 512", 512, 1, 1000, 1, 1},
    {"resnet50 56x56x64 1x1", 64, 56, 256, 1, 1},  {"vgg fc 4096", 4096, 1, 4096, 1, 1},
    {"resnet20 stem 32x32x3", 3, 32, 16, 3, 1},    {"resnet20 32x32x16", 16, 32, 16, 3, 1},
    {"resnet20 16x16x32", 32, 16, 32, 3, 1},       {"resnet20 8x8x64", 64, 8, 64, 3, 1},
};

struct Widths {
  int weights, activations;
};

// Codes of an image in, codes of the same width out. Weights are normal, clipped at 2.7 deviations.
pact::graph::Network network_of(const Layer& layer, const Widths& widths) {
  pact::Random random(1);
  pact::graph::Network network;
  auto& graph = network.graph;
  const auto x = graph.add_input("x", {DataType::f32, {1, layer.channels, layer.size, layer.size}});
  const pact::graph::Attributes codes{
      {"grid", std::string("unsigned")},
      {"bits", int64_t{widths.activations}},
      {"step", double{1.0f / static_cast<float>((1 << widths.activations) - 1)}}};
  const auto x_codes = graph.add_node(Op::quantize, "x_codes", {x}, codes);
  const bool is_odd = widths.weights < 8;
  const pact::quant::Grid grid{is_odd ? pact::quant::GridKind::odd : pact::quant::GridKind::symmetric,
                               widths.weights, 1.0f};
  const pact::graph::Shape shape{layer.outputs, layer.channels, layer.kernel, layer.kernel};
  const DataType type = is_odd ? DataType::u8 : DataType::i8;
  const auto w = graph.add_parameter("w", {type, shape});
  network.tensors["w"] = pact::graph::Tensor::zeros(type, shape);
  const double largest = (grid.max_code() - grid.min_code()) / 2.0;
  for (std::byte& byte : network.tensors["w"].bytes)
    byte = static_cast<std::byte>(grid.code_of(static_cast<float>(random.normal() * largest / 2.7)));
  const int64_t pad = layer.kernel / 2;
  const auto sums = graph.add_node(Op::integer_conv2d, "layer", {x_codes, w},
                                   {{"weight_bits", int64_t{widths.weights}},
                                    {"weight_grid", std::string(name_of(grid.kind))},
                                    {"strides", std::vector<int64_t>{layer.stride, layer.stride}},
                                    {"pads", std::vector<int64_t>{pad, pad, pad, pad}}});
  std::vector<pact::graph::ValueId> inputs{sums};
  for (const char* name : {"multiplier", "bias"}) {
    inputs.push_back(graph.add_parameter(name, {DataType::f32, {layer.outputs}}));
    auto& tensor = network.tensors[name] = pact::graph::Tensor::zeros(DataType::f32, {layer.outputs});
    // Most codes then lie between the ends, as trained ones do.
    for (float& number : tensor.as<float>()) number = 1e-5f;
  }
  const auto real = graph.add_node(Op::rescale, "real", inputs);
  graph.add_output(graph.add_node(Op::quantize, "y_codes", {real}, codes));
  return network;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of one addition that waits for the one before it: a cycle.
double seconds_of_cycle() {
  constexpr int kAdditions = 160'000;
  const auto start = Clock::now();
  uint64_t sum = 0;
  for (int i = 0; i < kAdditions / 16; ++i) {
#define PACT_FOUR(x) x x x x
    PACT_FOUR(PACT_FOUR(__asm__ volatile("lea 3(%0), %0" : "+r"(sum));))
#undef PACT_FOUR
  }
  return seconds_since(start) / kAdditions;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

struct Variant {
  std::string name, algorithm;
  std::unique_ptr<Engine> engine;
  std::vector<double> seconds;
};

void measure(const Layer& layer, const Widths& widths, int rounds) {
  const pact::graph::Network network = network_of(layer, widths);
  std::vector<Variant> variants;
  for (const std::string& name : pact::engine::algorithm_names()) {
    auto engine = std::make_unique<Engine>(
        network,
        pact::engine::EngineOptions{
            .isa = pact::selected_isa(), .profiling = pact::engine::Profiling::on, .algorithm = name});
    std::string algorithm = engine->timings()[1].algorithm;
    algorithm.resize(algorithm.find(" + "));
    const bool is_new = std::none_of(variants.begin(), variants.end(),
                                     [&](const Variant& v) { return v.algorithm == algorithm; });
    if (is_new) variants.push_back({name, algorithm, std::move(engine), {}});
  }
  std::vector<float> image(static_cast<size_t>(layer.channels * layer.size * layer.size));
  pact::Random random(2);
  for (float& x : image) x = static_cast<float>(random.uniform());
  std::vector<std::byte> output(
      static_cast<size_t>(layer.outputs * (layer.size / layer.stride + 1) * (layer.size / layer.stride + 1)));
  std::vector<double> cycle;
  for (int round = -2; round < rounds; ++round) {
    cycle.push_back(seconds_of_cycle());
    for (Variant& v : variants) {
      v.engine->run(image.data(), 1, output.data());
      if (round >= 0) v.seconds.push_back(v.engine->timings()[1].seconds);
    }
  }
  const double shortest_cycle = *std::min_element(cycle.begin(), cycle.end());
  const double slowest = median(variants.back().seconds);
  for (const Variant& v : variants) {
    const pact::engine::StepTiming timing = v.engine->timings()[1];
    const double shortest = *std::min_element(v.seconds.begin(), v.seconds.end());
    std::printf("%-26s %-22s %9.1f %9.1f %8.2f %9zu\n", layer.name, v.algorithm.c_str(), shortest * 1e6,
                static_cast<double>(timing.macs) / (shortest / shortest_cycle), median(v.seconds) / slowest,
                timing.weight_bytes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 50;
  const Widths widths{argc > 2 ? std::atoi(argv[2]) : 4, argc > 3 ? std::atoi(argv[3]) : 4};
  const std::string part = argc > 4 ? argv[4] : "";
  std::printf("%s; 1 thread, batch 1; %d-bit weights, %d-bit activations; %d interleaved rounds\n",
              pact::machine_description().c_str(), widths.weights, widths.activations, rounds);
  std::printf("%-26s %-22s %9s %9s %8s %9s\n", "layer", "algorithm", "least us", "MAC/cycle", "to int16",
              "w bytes");
  for (const Layer& layer : kLayers)
    if (std::string(layer.name).find(part) != std::string::npos) measure(layer, widths, rounds);
  return 0;
}
