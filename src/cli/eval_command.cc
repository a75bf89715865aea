// `pact eval`.

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/evaluate.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/words.h"
#include "cli/accepted.h"
#include "cli/commands.h"

namespace pact::cli {

void add_eval(CLI::App& app, Run& run) {
  struct Arguments {
    api::EvaluateCommand command;
    std::string model, predictions, engine;
    LoweringArguments lowering;
    bool best = false, json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* eval = app.add_subcommand("eval", "accuracy of a trained network on a test set");
  eval->add_option(
          "model", args->model,
          "run directory, .safetensors file in one, ONNX or .pact file; with --init a network of the zoo")
      ->required();
  eval->add_option(
      "--init", args->command.model.weights,
      "plain .safetensors file with the numbers of a network of the zoo, as torchvision names them");
  eval->add_option("--data", args->command.dataset,
                   "a data set, such as cifar10:DIR; `pact data list` has all [the run's own]");
  eval->add_option("--threads", args->command.threads, "threads; 0: one per core [0]")
      ->check(whole_number(0, 1024));
  eval->add_option("--device", args->command.device, "cpu or cuda, with --engine float [cpu]")
      ->check(one_of({"cpu", "cuda"}));
  eval->add_option(
      "--engine", args->engine,
      "float: as trained; int: the integer network; reference: the same, slowly [float; int for a "
      "quantized ONNX file or .pact]");
  eval->add_option("--images", args->command.images, "only this many images; 0: all")->check(whole_number(0));
  add_lowering(*eval, args->lowering);
  add_normalization(*eval, args->command.model);
  eval->add_flag("--best", args->best, "the best checkpoint instead of the last");
  eval->add_option("--predictions", args->predictions,
                   "write one class index per image and line to this file");
  eval->add_flag("--json", args->json, "print the result as one JSON object");
  eval->callback([args, &run] {
    run = [args] {
      args->command.model.path = args->model;
      args->command.predictions = args->predictions;
      if (!args->engine.empty()) args->command.arithmetic = api::arithmetic_of(args->engine);
      args->command.lowering = args->lowering.options();
      if (args->best && !std::filesystem::is_directory(args->model))
        throw Error(ErrorKind::usage, "--best chooses a checkpoint of a run directory, and a file was given");
      if (args->best) args->command.model.checkpoint = model_file::Checkpoint::best;
      args->command.evaluate_real = real_evaluator();
      require_device(args->command.device);
      ProgressLine line;
      std::optional<std::chrono::steady_clock::time_point> began;  // when `at_first` images were done
      int64_t at_first = 0;
      const api::EvaluateSummary s = api::evaluate(args->command, [&](int64_t done, int64_t total) {
        const auto now = std::chrono::steady_clock::now();
        if (!began) began = now, at_first = done;
        const double seconds = std::chrono::duration<double>(now - *began).count();
        const double left =
            seconds * static_cast<double>(total - done) / static_cast<double>(done - at_first);
        line.update(static_cast<double>(done) / static_cast<double>(total),
                    fmt::format("{}/{} images{}", done, total,
                                done > at_first ? "  " + format_duration(left) + " left" : ""));
      });
      line.clear();
      for (const std::string& note : s.notes) tell(note);
      const data::Evaluation& e = s.evaluation;
      if (args->json) {
        nlohmann::ordered_json json = {
            {"network", s.network}, {"dataset", s.dataset}, {"engine", name_of(s.arithmetic)},
            {"top1", e.top1},       {"loss", e.loss},       {"images", e.images},
            {"seconds", e.seconds}};
        if (!args->lowering.requantization.empty()) json["requantize"] = args->lowering.requantization;
        fmt::print("{}\n", json.dump());
      } else {
        fmt::print("{}: top-1 {:.2f} % of {} of {}, loss {:.4f} ({:.1f} s, {:.0f} images/s)\n",
                   s.network, e.top1, counted(e.images, "image"), s.dataset, e.loss, e.seconds,
                   static_cast<double>(e.images) / e.seconds);
      }
    };
  });
}

}  // namespace pact::cli
