// The network of a run directory (train/trainer.h lists its files), for whoever does not train.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>

#include "graph/graph.h"

namespace pact::model_file {

enum class Checkpoint { last, best };

// The network of a run directory, or of the directory of a .safetensors file when `path` is one, or of a
// .pact file. Throws Error.
graph::Network load_network(const std::filesystem::path& path, Checkpoint which = Checkpoint::last);

// The graph of a run directory alone, from its graph.txt. Throws Error.
graph::Graph load_graph(const std::filesystem::path& directory);

// run.json. Throws Error when it is missing or not ours.
nlohmann::json read_run_json(const std::filesystem::path& directory);

}  // namespace pact::model_file
