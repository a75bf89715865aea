// For the tests: writes a run directory as training a ResNet-20 would, with curves, clipping levels and
// distributions of plausible shape.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/random.h"
#include "report/fields.h"

namespace pact::report {

struct SyntheticRun {
  int bits = 4;  // of the inner layers; the first and the last have 8; 32 is float
  int epochs = 200;
  int evaluate_every = 1;
  uint64_t seed = 1;
  std::string status = "finished";
  std::string message = "";
  int stop_after = 200;  // epochs that were reached

  void write(const std::filesystem::path& directory) const {
    make_writable_directory(directory);
    write_file(directory / "run.json", run().dump(1));
    std::string lines;
    for (int epoch = 1; epoch <= std::min(epochs, stop_after); ++epoch) lines += metrics(epoch).dump() + "\n";
    write_file(directory / "metrics.jsonl", lines);
    write_file(directory / "report.json", report().dump(1));
  }

  Json run() const {
    return {{"command", "pact train resnet20 --data cifar10:/data/cifar10 --weights " + std::to_string(bits) +
                            " --activations " + std::to_string(bits) + " --seed " + std::to_string(seed)},
            {"network", "resnet20"},
            {"dataset", "cifar10:/data/cifar10"},
            {"version", "0.1.0"},
            {"seed", seed},
            {"threads", 2},
            {"machine", "AMD EPYC 9B14, 2 cores, AVX-512 VNNI"},
            {"started", "2024-05-02T18:04:11Z"},
            {"settings",
             {{"weights", bits},
              {"activations", bits},
              {"epochs", epochs},
              {"batch", 128},
              {"optimizer", "sgd"},
              {"momentum", 0.9},
              {"learning_rate", 0.1},
              {"schedule", "step"},
              {"milestones", {60, 120}},
              {"teacher", ""},
              {"weight_decay", 2e-4},
              {"alpha_decay", 2e-4},
              {"alpha_start", 8.0},
              {"augment", true},
              {"init", nullptr}}},
            {"status", status},
            {"message", message}};
  }

  Json metrics(int epoch) const {
    Random random(seed, static_cast<uint64_t>(bits), static_cast<uint64_t>(epoch));
    const double part = static_cast<double>(epoch) / epochs;
    const double lr = part <= 0.3 ? 0.1 : part <= 0.6 ? 0.01 : 0.001;
    const double loss_of_bits = bits >= 32 ? 0 : 2.4 / (1 << (bits - 1));
    const double ceiling = 92.0 - loss_of_bits + 0.15 * Random(seed, 77).normal();
    // Each drop of the learning rate brings a jump and calms the noise.
    const double stage = part <= 0.3 ? 8.0 : part <= 0.6 ? 1.2 : 0.0;
    const double top1 =
        ceiling - stage - (ceiling - 42) * std::exp(-epoch / 4.0) + (0.1 + stage / 6) * random.normal();
    const double train_top1 =
        ceiling + 5.5 - 1.6 * stage - (ceiling - 40) * std::exp(-epoch / 5.0) + 0.2 * random.normal();
    Json line = {{"epoch", epoch},
                 {"step", 390 * epoch},
                 {"lr", lr},
                 {"train_loss", (100.2 - train_top1) / 33 + 0.01},
                 {"train_top1", train_top1}};
    if (epoch % evaluate_every == 0) {
      line["test_loss"] = (104 - top1) / 32 + 0.01 * random.normal();
      line["test_top1"] = top1;
    }
    line["seconds"] = 39.5 + random.uniform(0, 2);
    line["images_per_second"] = 50000.0 / line["seconds"].get<double>();
    if (bits < 32) {
      Json alpha = Json::object();
      int depth = 0;
      for (const std::string& name : inner_layers()) {
        const double target = 1.2 + 2.6 * Random(3, static_cast<uint64_t>(depth)).uniform() + 0.12 * depth;
        alpha[name + ".quant"] =
            target + (8 - target) * std::exp(-part * (6 + depth % 4)) + 0.015 * random.normal();
        ++depth;
      }
      line["alpha"] = alpha;
    }
    return line;
  }

  Json report() const {
    Json layers = Json::array(), histograms = Json::array();
    double parameters = 0, macs = 0, bytes = 0;
    const auto add = [&](const std::string& name, const char* op, const std::string& output, int width,
                         double weights, double work) {
      const double size = std::ceil(weights * width / 8);
      layers.push_back({{"name", name},
                        {"op", op},
                        {"output", output},
                        {"weight_bits", width},
                        {"weight_scheme", width == 32 ? "" : "sawb"},
                        {"activation_bits", width},
                        {"activation_scheme", width == 32 ? "" : "pact"},
                        {"parameters", weights},
                        {"macs", work},
                        {"bytes", size}});
      parameters += weights, macs += work, bytes += size;
      histograms.push_back(weight_histogram(name, width));
      if (name != "stem.conv") histograms.push_back(activation_histogram(name, width));
    };
    const int ends = bits == 32 ? 32 : 8;
    add("stem.conv", "conv2d", "[16,32,32]", ends, 432, 442368);
    int previous = 16;
    for (const std::string& name : inner_layers()) {
      const int channels = 16 << (name[5] - '1'), side = 32 >> (name[5] - '1');
      const double weights = 9.0 * previous * channels;
      const std::string output =
          "[" + std::to_string(channels) + "," + std::to_string(side) + "," + std::to_string(side) + "]";
      add(name, "conv2d", output, bits, weights, weights * side * side);
      previous = channels;
    }
    add("fc", "linear", "[10]", ends, 650, 640);
    return {
        {"layers", layers},
        {"histograms", histograms},
        {"totals",
         {{"parameters", parameters}, {"macs", macs}, {"bytes", bytes}, {"float_bytes", 4 * parameters}}}};
  }

  static std::vector<std::string> inner_layers() {
    std::vector<std::string> names;
    for (const char* layer : {"layer1", "layer2", "layer3"})
      for (int block = 0; block < 3; ++block)
        for (int conv = 1; conv <= 2; ++conv)
          names.push_back(std::string(layer) + "." + std::to_string(block) + ".conv" + std::to_string(conv));
    return names;
  }

 private:
  static Json histogram(const std::string& name, const char* kind, std::vector<double> values, double low,
                        double high, const std::vector<double>& levels) {
    std::vector<int> counts(96);
    for (const double value : values) {
      const double bin = (value - low) / (high - low) * 96;
      ++counts[static_cast<size_t>(std::clamp(bin, 0.0, 95.0))];
    }
    return {{"name", name}, {"kind", kind},     {"low", low},
            {"high", high}, {"counts", counts}, {"levels", levels}};
  }

  Json weight_histogram(const std::string& name, int width) const {
    Random random(seed, std::hash<std::string>()(name));
    const double sigma = random.uniform(0.03, 0.3);
    std::vector<double> values(6000), levels;
    for (double& value : values) value = sigma * random.normal();
    if (width < 32)
      for (int code = 0, last = (1 << width) - 1; code <= last; ++code)
        levels.push_back((2.0 * code / last - 1) * sigma * (width <= 2 ? 1.5 : 2.6));
    return histogram(name + ".weight", "weight", values, -3.8 * sigma, 3.8 * sigma, levels);
  }

  Json activation_histogram(const std::string& name, int width) const {
    Random random(seed, std::hash<std::string>()(name), 1);
    const double sigma = random.uniform(0.5, 1.5), alpha = (width <= 2 ? 1.7 : 2.6) * sigma;
    std::vector<double> values(12000), levels;
    for (double& value : values) value = std::max(0.0, sigma * (random.normal() + 0.1));
    if (width < 32)
      for (int code = 0, last = (1 << width) - 1; code <= last; ++code) levels.push_back(alpha * code / last);
    return histogram(name + ".input", "activation", values, 0, 4.2 * sigma, levels);
  }
};

}  // namespace pact::report
