// `pact run`.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/run.h"
#include "base/allocation.h"
#include "cli/accepted.h"
#include "cli/commands.h"

namespace pact::cli {
namespace {

nlohmann::ordered_json to_json(const std::vector<api::ImageResult>& results) {
  nlohmann::ordered_json images = nlohmann::ordered_json::array();
  for (const api::ImageResult& result : results) {
    nlohmann::ordered_json guesses = nlohmann::ordered_json::array();
    for (const api::Guess& guess : result.guesses)
      guesses.push_back({{"class", guess.index}, {"name", guess.name}, {"probability", guess.probability}});
    images.push_back({{"image", result.image.string()}, {"guesses", guesses}});
  }
  return {{"images", images}};
}

}  // namespace

void add_run(CLI::App& app, Run& run) {
  struct Arguments {
    api::RunCommand command;
    std::string model;
    std::vector<std::string> images;
    bool json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("run", "classes of images, by the integer network");
  command->add_option("model", args->model, "run directory, .safetensors file in one, ONNX or .pact file")
      ->required();
  command->add_option("images", args->images, "PNG or JPEG files of the size that the network takes")
      ->required();
  command->add_option("--top", args->command.top, "classes told per image [3]")->check(whole_number(1, 1000));
  command->add_option("--threads", args->command.threads, "threads; 0: one per core [0]")
      ->check(whole_number(0, 1024));
  add_normalization(*command, args->command.model);
  command->add_flag("--json", args->json, "print the result as one JSON object");
  command->callback([args, &run] {
    run = [args] {
      return_freed_memory();  // of the size of tensors
      args->command.model.path = args->model;
      args->command.images.assign(args->images.begin(), args->images.end());
      const std::vector<api::ImageResult> results = api::run_model(args->command);
      if (args->json) return fmt::print("{}\n", to_json(results).dump());
      for (const api::ImageResult& result : results) {
        fmt::print("{}:", result.image.string());
        for (const api::Guess& guess : result.guesses)
          fmt::print("  {} {:.1f} %",
                     guess.name.empty() ? fmt::format("class {}", guess.index) : guess.name,
                     100.0 * guess.probability);
        fmt::print("\n");
      }
    };
  });
}

}  // namespace pact::cli
