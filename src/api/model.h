// Where a command's model comes from: a run directory, a checkpoint in one, an ONNX file, or a .pact file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "model_file/run_network.h"

namespace pact::api {

struct ModelSource {
  std::filesystem::path path;  // run directory, .safetensors file in one, .onnx or .pact file
  model_file::Checkpoint checkpoint = model_file::Checkpoint::last;
  // What a foreign ONNX model expects of its input, on the 0..1 scale; empty: mean 0, deviation 1.
  std::vector<double> mean = {}, std = {};
};

bool is_onnx(const std::filesystem::path& path);

// The data set that a run was trained on; empty for an ONNX or .pact file, which do not tell. Throws Error.
std::string dataset_of(const std::filesystem::path& model);

// Names of the classes, as far as the model tells them; else empty.
std::vector<std::string> class_names(const std::filesystem::path& model);

// The network with float operations and Quant nodes, as it was trained; from a .pact file, its integer form.
// Throws Error.
graph::Network load_model(const ModelSource& source);

}  // namespace pact::api
