#include "api_train/sweep/row_run.h"

#include <algorithm>
#include <set>

#include "api_train/recipes.h"
#include "base/error.h"
#include "base/strings.h"
#include "base/words.h"
#include "report/run_files.h"
#include "train/run_directory.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

// Runs made elsewhere stay there.
fs::path directory_of(const SweepRow& row, const fs::path& output) {
  return row.existing.empty() ? output / row.name : row.existing;
}

// The settings over the recipes, with directories where they name rows.
std::map<std::string, std::string> texts_of(const Sweep& sweep, const SweepRow& row, const fs::path& output) {
  std::map<std::string, std::string> texts = row.parts.settings;
  for (const auto& [key, name] : row.references)
    texts[key] = directory_of(*std::ranges::find(sweep.rows, name, &SweepRow::name), output).string();
  return texts;
}

// A sweep that was moved, or whose rows now stand elsewhere, refers to the same runs by other paths, and data
// may lie in another folder. For a run that has ended that is no difference.
void require_same(const SweepRow& row, const RowRun& run, const nlohmann::json& stored) {
  train::Settings theirs =
      train::settings_from_json(stored.at("settings"), (run.directory / "run.json").string());
  const auto same_run = [&](const char* key, const std::string& ours, std::string& other) {
    if (row.references.contains(key) && fs::path(ours).filename() == fs::path(other).filename()) other = ours;
  };
  same_run("init", run.settings.init, theirs.init);
  same_run("teacher", run.settings.teacher, theirs.teacher);
  std::vector<std::string> problems = train::differences(run.settings, theirs);
  const auto compare = [&](const char* what, const std::string& ours, const std::string& other) {
    if (ours != other)
      problems.push_back(fmt::format("the {} is '{}' here and '{}' in the run", what, ours, other));
  };
  const std::string dataset = stored.value("dataset", "");
  compare("network", row.parts.network, stored.value("network", ""));
  compare("data set", row.parts.dataset.substr(0, row.parts.dataset.find(':')),
          dataset.substr(0, dataset.find(':')));
  if (!problems.empty())
    fail(
        "{}: holds a run that is not that of the row '{}':\n    {}\n    Remove it, or give the row another "
        "name",
        run.directory.string(), row.name, join(problems, "\n    "));
}

// What to type to make the same run by itself.
std::string command_line(const SweepRow& row, const TrainCommand& command) {
  std::string line = fmt::format("pact train {} --data {} --out {}", shell_quoted(row.parts.network),
                                 shell_quoted(row.parts.dataset), shell_quoted(command.directory.string()));
  for (const std::string& recipe : command.recipes) line += " --recipe " + shell_quoted(recipe);
  for (const auto& [name, text] : command.settings) {
    std::string flag = name;
    std::ranges::replace(flag, '_', '-');
    line += fmt::format(" --{} {}", flag, shell_quoted(text));
  }
  const auto add_numbers = [&](const char* flag, const std::vector<double>& numbers) {
    if (!numbers.empty()) line += fmt::format(" {} {}", flag, fmt::join(numbers, ","));
  };
  add_numbers("--mean", command.mean);
  add_numbers("--std", command.std);
  return line;
}

}  // namespace

RowRun look_at(const Sweep& sweep, const SweepRow& row, const fs::path& output) {
  RowRun run;
  run.directory = directory_of(row, output);
  Problems problems;
  for (const std::string& recipe : row.parts.recipes)
    train::apply_recipe(run.settings, find_recipe(recipe), problems);
  run.texts = texts_of(sweep, row, output);
  train::set(run.settings, run.texts, problems);
  problems.refuse();
  if (!fs::exists(run.directory) || (fs::is_directory(run.directory) && fs::is_empty(run.directory)))
    return run;
  const nlohmann::json stored = train::read_run_json(run.directory);
  run.status = stored.value("status", "");
  run.message = stored.value("message", "");
  if (run.status == "finished")
    run.state = RowState::finished;
  else if (fs::exists(run.directory / "last.safetensors"))
    run.state = RowState::interrupted;
  if (row.existing.empty()) require_same(row, run, stored);
  const report::RunFiles files = report::read_run(run.directory);
  if (!files.metrics.empty())
    run.epochs_done = static_cast<int64_t>(files.metrics.back()["epoch"].get<double>());
  return run;
}

TrainCommand command_of(const SweepRow& row, const RowRun& run, const std::atomic<bool>* stop) {
  TrainCommand command;
  command.network = row.parts.network;
  command.mean = row.parts.mean;
  command.std = row.parts.std;
  command.dataset = row.parts.dataset;
  command.directory = run.directory;
  command.recipes = row.parts.recipes;
  command.settings = run.texts;
  command.continuation =
      run.state == RowState::interrupted ? train::Continuation::resume : train::Continuation::fresh;
  command.command_line = command_line(row, command);
  command.stop = stop;
  return command;
}

void remove_false_start(const fs::path& directory) {
  static const std::set<std::string> kFiles = {"run.json", "graph.txt", "metrics.jsonl"};
  if (!fs::exists(directory) || fs::exists(directory / "last.safetensors")) return;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!kFiles.contains(name) && !name.ends_with(".tmp") && !name.starts_with("last.optimizer-"))
      fail("{}: has no checkpoint to go on from, and holds '{}', which no run writes; remove it",
           directory.string(), name);
  }
  fs::remove_all(directory);
}

}  // namespace pact::api
