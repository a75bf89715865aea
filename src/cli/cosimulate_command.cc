// `pact cosimulate`.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "api/cosimulate.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/words.h"
#include "cli/accepted.h"
#include "cli/commands.h"

namespace pact::cli {
namespace {

void print_json(const api::CosimulateSummary& s) {
  nlohmann::ordered_json nodes = nlohmann::json::array(), arrays = nlohmann::json::array();
  for (const rtl::NodeRun& node : s.nodes)
    nodes.push_back({{"name", node.name},
                     {"op", node.op},
                     {"place", name_of(node.place)},
                     {"folds", node.folds},
                     {"macs", node.macs},
                     {"cycles", node.cycles},
                     {"model_cycles", node.model_cycles},
                     {"values", node.values},
                     {"wrong", node.wrong}});
  for (const rtl::Design& design : s.designs)
    arrays.push_back({{"rows", design.rows},
                      {"columns", design.columns},
                      {"activation_bits", design.element.activation_bits},
                      {"weight_bits", design.element.weight_bits},
                      {"accumulator_bits", design.element.accumulator_bits}});
  fmt::print("{}\n",
             nlohmann::ordered_json{{"network", s.network},
                                    {"dataset", s.dataset},
                                    {"arrays", arrays},
                                    {"images", s.images},
                                    {"correct", s.correct ? nlohmann::json(*s.correct) : nlohmann::json()},
                                    {"values", s.values},
                                    {"wrong", s.wrong},
                                    {"images_unlike_engine", s.images_unlike_engine},
                                    {"cycles", s.cycles},
                                    {"model_cycles", s.model_cycles},
                                    {"requantize_cycles", s.requantize_cycles},
                                    {"build_seconds", s.build_seconds},
                                    {"hardware_seconds", s.hardware_seconds},
                                    {"nodes", nodes}}
                 .dump());
}

void print_table(const api::CosimulateSummary& s) {
  for (const rtl::Design& design : s.designs)
    fmt::print("array of {} x {} elements, {} x {} bits into {}\n", design.rows, design.columns,
               design.element.activation_bits, design.element.weight_bits, design.element.accumulator_bits);
  fmt::print("{:<28} {:>8} {:>12} {:>12} {:>12} {:>12} {:>6}\n", "layer", "folds", "MACs", "cycles",
             "closed form", "values", "wrong");
  for (const rtl::NodeRun& node : s.nodes)
    if (node.place == rtl::Place::array)
      fmt::print("{:<28} {:>8} {:>12} {:>12} {:>12} {:>12} {:>6}\n", node.name, node.folds, node.macs,
                 node.cycles, node.model_cycles, node.values, node.wrong);
  fmt::print(
      "{}: {}{}; {} values of {} nodes, {} wrong; {} with other scores than the engine's\n", s.network,
      counted(s.images, "image"), s.correct ? fmt::format(", {} classified rightly", *s.correct) : "",
      s.values, s.nodes.size(), s.wrong, counted(s.images_unlike_engine, "image"));
  fmt::print(
      "{} cycles of the arrays an image, {} by the closed forms; {:.2f} s an image in the simulation\n",
      s.cycles, s.model_cycles, s.hardware_seconds / static_cast<double>(s.images));
}

// Says what begins at once, and how long the images will take.
api::CosimulateSummary run_with_progress(const api::CosimulateCommand& command) {
  using Clock = std::chrono::steady_clock;
  ProgressLine line;
  Clock::time_point began = Clock::now();
  double at_first = -1;  // of the step: what was done when it began to be counted
  const auto on_step = [&](const std::string& step) {
    line.clear();
    tell(step);
    at_first = -1;
  };
  const auto on_part = [&](double fraction, const std::string& what) {
    if (at_first < 0) began = Clock::now(), at_first = fraction;
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    const double done = fraction - at_first;
    const std::string left =
        done > 0.02 ? ", " + format_duration(seconds * (1 - fraction) / done) + " left" : "";
    line.update(fraction, what + left);
  };
  const api::CosimulateSummary summary = api::cosimulate(command, {.on_step = on_step, .on_part = on_part});
  line.clear();
  return summary;
}

}  // namespace

void add_cosimulate(CLI::App& app, Run& run) {
  struct Arguments {
    api::CosimulateCommand command;
    std::string model, buffering = "double";
    LoweringArguments lowering;
    bool structural = false, json = false;
  };
  auto args = std::make_shared<Arguments>();
  rtl::ArraysOptions& arrays = args->command.arrays;
  CLI::App* command =
      app.add_subcommand("cosimulate", "run test images through Verilated arrays, and compare every value");
  command
      ->add_option("model", args->model,
                   "run directory, .safetensors file in one, ONNX or .pact file, or with --random-weights a "
                   "network of "
                   "the zoo")
      ->required();
  command->add_option("--data", args->command.dataset,
                      "a data set (`pact data list`), or random: drawn pixels [the run's own]");
  command->add_option("--images", args->command.images, "the first ones of the test part [1]")
      ->check(whole_number(1));
  command->add_option("--rows", arrays.rows, "of the arrays [16]")->check(whole_number(1, 1024));
  command->add_option("--columns", arrays.columns, "of the arrays [16]")->check(whole_number(1, 1024));
  command->add_option("--buffering", args->buffering, "of the weights")->check(one_of({"single", "double"}));
  command->add_flag("--structural", args->structural, "simulate adders instead of expressions, slowly");
  add_lowering(*command, args->lowering);
  add_normalization(*command, args->command.model);
  add_random_weights(*command, args->command.model);
  command->add_flag("--json", args->json, "print the result as one JSON object");
  command->callback([args, &run] {
    run = [args] {
      api::CosimulateCommand& c = args->command;
      c.model.path = args->model;
      c.arrays.buffering = args->buffering == "single" ? rtl::Buffering::single : rtl::Buffering::double_;
      c.arrays.arithmetic = args->structural ? rtl::Arithmetic::structural : rtl::Arithmetic::behavioural;
      if (const auto lowering = args->lowering.options()) c.lowering = *lowering;
      warn_if_random(c.model);
      if (api::is_zoo_network(c.model.path) && c.dataset.empty()) c.dataset = "random";
      const api::CosimulateSummary s = run_with_progress(c);
      if (args->json)
        print_json(s);
      else
        print_table(s);
      if (s.wrong > 0 || s.images_unlike_engine > 0 || s.cycles != s.model_cycles)
        fail(ErrorKind::internal,
             "the simulated hardware and the reference, the engine or the closed forms disagree");
    };
  });
}

}  // namespace pact::cli
