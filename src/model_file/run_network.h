// The network of a run directory (train/trainer.h lists its files), for whoever does not train.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>

#include "graph/graph.h"

namespace pact::model_file {

enum class Checkpoint { last, best };

// A checkpoint's metadata hold the text of its graph under this key, so that it is not taken for that of another graph
// with the same parameters: networks of 2 and of 4 bits have the same.
inline constexpr const char* kGraphKey = "graph";

// The network of a run directory, or of the directory of a .safetensors file when `path` is one, or of a
// .pact file. Throws Error, also where graph and checkpoint are of different runs, as far as the checkpoint tells.
graph::Network load_network(const std::filesystem::path& path, Checkpoint which = Checkpoint::last);

// Throws Error where a checkpoint, `weights` with these metadata, was written with another graph than this one, which
// `text` has. Those of earlier versions do not tell.
void require_same_graph(const graph::Graph& graph, const graph::Metadata& metadata,
                        const std::filesystem::path& weights, const std::filesystem::path& text);

// The graph of a run directory alone, from its graph.txt. Throws Error.
graph::Graph load_graph(const std::filesystem::path& directory);

// run.json. Throws Error when it is missing or not ours.
nlohmann::json read_run_json(const std::filesystem::path& directory);

}  // namespace pact::model_file
