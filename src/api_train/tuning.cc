#include "api_train/tuning.h"

#include <fmt/format.h>

#include <algorithm>
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

// A run of fewer epochs than the recipe's warms up for the same share of them, and at a rate that is as much lower: what
// three epochs at its own unlearn they cannot learn again. Settings that the command has stay; epochs that are no number
// are told elsewhere.
void shorten(std::map<std::string, std::string>& settings, const std::string& epochs) {
  double count = 0;
  const auto [end, error] = std::from_chars(epochs.data(), epochs.data() + epochs.size(), count);
  if (error != std::errc() || end != epochs.data() + epochs.size()) return;
  train::Settings recipe;
  Problems problems;
  train::apply_recipe(recipe, find_recipe(kRecipe), problems);
  problems.refuse();
  const double share = count / static_cast<double>(recipe.epochs);
  settings.emplace("warmup", fmt::format("{:.6g}", recipe.warmup * share));
  settings.emplace("rate", fmt::format("{:.6g}", recipe.rate * std::min(1.0, share)));
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
    shorten(command.settings, epochs->second);
  tell(fmt::format("the network comes trained: tuned by the recipe {}{} (--recipe names another, or none)",
                   kRecipe, is_own_teacher ? ", itself the teacher" : ""));
  return command;
}

}  // namespace pact::api
