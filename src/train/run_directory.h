// Reading and writing run directories.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "graph/graph.h"
#include "model_file/run_network.h"
#include "train/settings.h"

namespace pact::train {

using model_file::Checkpoint;
using model_file::load_graph;
using model_file::load_network;
using model_file::read_run_json;

// How far a run is; travels in the metadata of last.safetensors.
struct Progress {
  int64_t epoch = 0;  // complete epochs
  int64_t step = 0;   // steps done in the current one
  int64_t total_steps = 0;
  double loss_sum = 0, correct = 0, images = 0, seconds = 0;  // of the current epoch
  double best_top1 = -1;
};

struct State {
  graph::Tensors parameters, optimizer;
  Progress progress;
};

// Writes last.safetensors and the optimizer's state such that a reader after a crash at any moment finds a
// pair that belongs together. `graph` is the run's, as text. Throws Error.
void save_state(const std::filesystem::path& directory, const State& state, const std::string& graph);
// Throws Error, also on one of another graph.
State load_state(const std::filesystem::path& directory, const graph::Graph& graph);

// Takes lines of epochs beyond `epochs` out of metrics.jsonl: a killed run may have written the line of one whose
// checkpoint was never completed. `on_message` hears of damaged ones. Throws Error.
void trim_metrics(const std::filesystem::path& directory, int64_t epochs,
                  const std::function<void(const std::string&)>& on_message);

}  // namespace pact::train
