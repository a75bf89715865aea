// `pact calibrate`.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/calibrate.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/words.h"
#include "cli/accepted.h"
#include "cli/commands.h"

namespace pact::cli {
namespace {

void print_json(const api::CalibrateSummary& s, const std::string& output) {
  nlohmann::ordered_json values = nlohmann::ordered_json::array();
  for (const calibration::CalibratedValue& value : s.values)
    values.push_back({{"name", value.grid.name},
                      {"bits", value.grid.reading.bits},
                      {"signed", value.grid.has_sign},
                      {"level", value.grid.level},
                      {"largest", value.magnitudes.largest()},
                      {"clipped", value.clipped}});
  const nlohmann::ordered_json json = {
      {"network", s.network}, {"dataset", s.dataset},         {"images", s.images},   {"output", output},
      {"bytes", s.bytes},     {"float_bytes", s.float_bytes}, {"seconds", s.seconds}, {"values", values}};
  fmt::print("{}\n", json.dump());
}

void print_table(const api::CalibrateSummary& s, const std::string& output) {
  fmt::print("{:<34} {:>6} {:>12} {:>12} {:>10}\n", "value", "bits", "level", "largest", "clipped");
  for (const calibration::CalibratedValue& value : s.values)
    fmt::print("{:<34} {:>6} {:>12.5g} {:>12.5g} {:>8.3f} %\n", value.grid.name,
               fmt::format("{}{}", value.grid.has_sign ? "+-" : "", value.grid.reading.bits),
               value.grid.level, value.magnitudes.largest(), 100 * value.clipped);
  fmt::print("{}: {} calibrated with {} of {} ({:.1f} s); {} of parameters ({} as float32)\n", output,
             s.network, counted(s.images, "image"), s.dataset, s.seconds,
             format_bytes(static_cast<double>(s.bytes)), format_bytes(static_cast<double>(s.float_bytes)));
}

}  // namespace

void add_calibrate(CLI::App& app, Run& run) {
  struct Arguments {
    api::CalibrateCommand command;
    std::string model, parameters, output, range = "mse", granularity = "channel", shortcuts = "real";
    std::optional<double> percentile;
    bool bias_correction = false, json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "calibrate", "quantize a trained float network without training, from a few hundred images");
  calibration::Options& options = args->command.options;
  options.threads = 0;
  command
      ->add_option(
          "model", args->model,
          "a float run directory, .safetensors file in one or ONNX file, or with --parameters a network of "
          "the zoo")
      ->required();
  command->add_option("--parameters", args->parameters,
                      "numbers of a network of the zoo, a .safetensors file");
  command->add_option("--data", args->command.dataset,
                      "a data set (`pact data list`), whose training images are looked at [the run's]");
  command->add_option("--images", args->command.images, "how many images to look at [256]");
  command->add_option("--weights", options.weights, "weight bits: 2 to 8, or 32 for float [8]");
  command->add_option("--activations", options.activations, "activation bits: 1 to 8, or 32 for float [8]");
  command->add_option("--first-layer", options.first_layer, "weight bits of the first layer [8]");
  command->add_option("--last-layer", options.last_layer, "weight and activation bits of the last layer [8]");
  command->add_option(
      "--range", args->range,
      "where grids of activations end: mse, at the least squared error; max; percentile [mse]");
  command->add_option("--percentile", args->percentile,
                      "of the values above 0, with --range percentile [99.99]");
  command->add_option("--granularity", args->granularity,
                      "steps of weights: one for each output channel, or one for a tensor [channel]");
  command->add_flag("--bias-correction", args->bias_correction,
                    "let biases take up the mean error that rounding the weights makes");
  command->add_option("--shortcuts", args->shortcuts,
                      "identity shortcuts: real, or codes: those that the block's layer reads [real]");
  command->add_option("--threads", options.threads, "threads; 0: one per core [0]")
      ->check(whole_number(0, 1024));
  command
      ->add_option("-o,--output", args->output,
                   "what to write: a run directory, *.onnx (QCDQ), or *.pact for the engine")
      ->required();
  add_normalization(*command, args->command.model);
  command->add_flag("--json", args->json, "print the result as one JSON object");
  command->callback([args, &run] {
    run = [args] {
      api::CalibrateCommand& c = args->command;
      c.model.path = args->model;
      c.parameters = args->parameters;
      c.output = args->output;
      c.command_line = command_line;
      c.options.range = calibration::range_of(args->range);
      c.options.granularity = calibration::granularity_of(args->granularity);
      c.options.shortcuts = passes::shortcuts_of(args->shortcuts);
      if (args->percentile && c.options.range != calibration::Range::percentile)
        throw Error(ErrorKind::usage, "--percentile goes with --range percentile");
      if (args->percentile) c.options.share = *args->percentile / 100;
      if (args->bias_correction) c.options.bias_correction = calibration::BiasCorrection::on;
      ProgressLine line;
      std::optional<std::chrono::steady_clock::time_point> began;
      const auto on_step = [&](const std::string& step) {
        line.clear();
        tell(step);
      };
      const auto on_images = [&](int64_t done, int64_t total) {
        const auto now = std::chrono::steady_clock::now();
        if (!began) began = now;  // nothing is done yet
        const double seconds = std::chrono::duration<double>(now - *began).count();
        const double left =
            seconds * static_cast<double>(total - done) / static_cast<double>(std::max<int64_t>(done, 1));
        line.update(static_cast<double>(done) / static_cast<double>(total),
                    fmt::format("{}/{} images{}", done, total,
                                done > 0 ? "  " + format_duration(left) + " left" : ""));
      };
      const api::CalibrateSummary s = api::calibrate(c, {.on_step = on_step, .on_images = on_images});
      line.clear();
      for (const std::string& note : s.notes) tell(note);
      if (args->json)
        print_json(s, args->output);
      else
        print_table(s, args->output);
    };
  });
}

}  // namespace pact::cli
