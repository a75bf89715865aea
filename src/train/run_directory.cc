#include "train/run_directory.h"

#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "graph/text.h"

namespace pact::train {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFormat = "pact.checkpoint.1";

// Doubles travel as hexadecimal text, so that they come back to the same bits.
std::string exact_text(double value) { return fmt::format("{:a}", value); }

double real_of(const graph::Metadata& metadata, const std::string& key, const std::string& origin) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) fail("{}: is not a checkpoint of a training run (no '{}')", origin, key);
  char* end = nullptr;
  const double value = std::strtod(found->second.c_str(), &end);
  if (found->second.empty() || *end) fail("{}: '{}' is not a number: '{}'", origin, key, found->second);
  return value;
}

int64_t integer_of(const graph::Metadata& metadata, const std::string& key, const std::string& origin) {
  const auto found = metadata.find(key);
  const auto value = found == metadata.end() ? std::nullopt : parse_integer(found->second);
  if (!value || *value < 0) fail("{}: is not a checkpoint of a training run ('{}')", origin, key);
  return *value;
}

fs::path optimizer_path(const fs::path& directory, int64_t step) {
  return directory / fmt::format("last.optimizer-{}.safetensors", step);
}

}  // namespace

void save_state(const fs::path& directory, const State& state, const std::string& graph) {
  const Progress& p = state.progress;
  // The optimizer's file carries its step in its name and comes first: until last.safetensors is renamed into
  // place, the old pair is complete; afterwards the new one is.
  const fs::path optimizer = optimizer_path(directory, p.total_steps);
  graph::write_safetensors(optimizer, {state.optimizer, {{"format", kFormat}}});
  graph::write_safetensors(directory / "last.safetensors", {state.parameters,
                                                            {{"format", kFormat},
                                                             {model_file::kGraphKey, graph},
                                                             {"epoch", std::to_string(p.epoch)},
                                                             {"step", std::to_string(p.step)},
                                                             {"total_steps", std::to_string(p.total_steps)},
                                                             {"loss_sum", exact_text(p.loss_sum)},
                                                             {"correct", exact_text(p.correct)},
                                                             {"images", exact_text(p.images)},
                                                             {"seconds", exact_text(p.seconds)},
                                                             {"best_top1", exact_text(p.best_top1)}}});
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("last.optimizer-") && entry.path() != optimizer) fs::remove(entry.path());
  }
}

State load_state(const fs::path& directory, const graph::Graph& graph) {
  const fs::path path = directory / "last.safetensors";
  if (!fs::exists(path)) fail("{}: has no last.safetensors; there is nothing to resume", directory.string());
  graph::TensorFile file = graph::read_safetensors(path);
  model_file::require_same_graph(graph, file.metadata, path, directory / "graph.txt");
  const std::string origin = path.string();
  State state;
  state.parameters = std::move(file.tensors);
  Progress& p = state.progress;
  p.epoch = integer_of(file.metadata, "epoch", origin);
  p.step = integer_of(file.metadata, "step", origin);
  p.total_steps = integer_of(file.metadata, "total_steps", origin);
  p.loss_sum = real_of(file.metadata, "loss_sum", origin);
  p.correct = real_of(file.metadata, "correct", origin);
  p.images = real_of(file.metadata, "images", origin);
  p.seconds = real_of(file.metadata, "seconds", origin);
  p.best_top1 = real_of(file.metadata, "best_top1", origin);
  const fs::path optimizer = optimizer_path(directory, p.total_steps);
  if (!fs::exists(optimizer))
    fail(
        "{}: the optimizer's state {} is missing; the run can be evaluated or be an --init, but not be "
        "resumed",
        directory.string(), optimizer.filename().string());
  state.optimizer = graph::read_safetensors(optimizer).tensors;
  return state;
}

void trim_metrics(const fs::path& directory, int64_t epochs,
                  const std::function<void(const std::string&)>& on_message) {
  const fs::path path = directory / "metrics.jsonl";
  if (!fs::exists(path)) return;
  std::string kept;
  const std::vector<std::string> lines = split(read_file(path), '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    if (trim(lines[i]).empty()) continue;
    const nlohmann::json json = nlohmann::json::parse(lines[i], nullptr, false);
    const bool is_sound = json.is_object() && json.contains("epoch") && json["epoch"].is_number();
    if (is_sound && json["epoch"].get<double>() <= static_cast<double>(epochs))
      kept += lines[i] + "\n";
    else if (!is_sound && i + 1 < lines.size())  // the last one is cut off where a run was killed
      on_message(fmt::format("{}: line {} is damaged and is left out", path.string(), i + 1));
  }
  write_file(path, kept);
}

}  // namespace pact::train
