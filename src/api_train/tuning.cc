#include "api_train/tuning.h"

#include <fmt/format.h>

#include <charconv>

#include "api/model.h"
#include "api_train/recipes.h"
#include "base/problems.h"
#include "train/settings.h"

namespace pact::api {
namespace {

constexpr const char* kRecipe = "quantized-short";
constexpr const char* kNone = "none";

bool has_few_bits(const TrainCommand& command, const char* what) {
  const auto given = command.settings.find(what);
  return given != command.settings.end() && given->second != "32";
}

// The share of the epochs that the recipe has for it; empty where these are no number, which is told elsewhere.
std::string warmup_of(const std::string& epochs) {
  double count = 0;
  const auto [end, error] = std::from_chars(epochs.data(), epochs.data() + epochs.size(), count);
  if (error != std::errc() || end != epochs.data() + epochs.size()) return "";
  train::Settings recipe;
  Problems problems;
  train::apply_recipe(recipe, find_recipe(kRecipe), problems);
  problems.refuse();
  return fmt::format("{}", recipe.warmup * count / static_cast<double>(recipe.epochs));
}

}  // namespace

// It needs neither 200 epochs nor the rate of a network that begins at random numbers.
TrainCommand tuned(TrainCommand command, const std::function<void(const std::string&)>& tell) {
  if (command.recipes == std::vector<std::string>{kNone}) {
    command.recipes.clear();
    return command;
  }
  if (!is_onnx(command.network) || !command.recipes.empty()) return command;
  command.recipes = {kRecipe};
  const bool quantizes = has_few_bits(command, "weights") || has_few_bits(command, "activations");
  const bool is_own_teacher = quantizes && command.settings.emplace("teacher", train::kItself).second;
  if (const auto epochs = command.settings.find("epochs"); epochs != command.settings.end())
    if (const std::string warmup = warmup_of(epochs->second); !warmup.empty())
      command.settings.emplace("warmup", warmup);
  tell(fmt::format("the network comes trained: tuned by the recipe {}{} (--recipe names another, or none)",
                   kRecipe, is_own_teacher ? ", itself the teacher" : ""));
  return command;
}

}  // namespace pact::api
