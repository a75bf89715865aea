// Where a command's model comes from: a run directory, a checkpoint in one, an ONNX file, a .pact file, or a network
// of the zoo, with the numbers of a file or, where accuracy does not matter, with random ones.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "api/random_model.h"
#include "graph/graph.h"
#include "model_file/run_network.h"

namespace pact::api {

struct ModelSource {
  // Run directory, .safetensors file in one, .onnx or .pact file, or name in the zoo.
  std::filesystem::path path;
  model_file::Checkpoint checkpoint = model_file::Checkpoint::last;
  // What an ONNX model or numbers from elsewhere expect of the input, on the 0..1 scale. Empty: mean 0, deviation 1;
  // for a network of the zoo its own.
  std::vector<double> mean = {}, std = {};
  RandomWeights random = {};          // for a network of the zoo
  std::filesystem::path weights = {};  // likewise: a plain .safetensors file (given_weights.h)
  std::function<void(const std::string&)> on_note = {};  // of an ONNX file: what a person should know
};

// By its name, and no folder.
bool is_onnx(const std::filesystem::path& path);
// Is it a name in the zoo, and no file or folder here?
bool is_zoo_network(const std::filesystem::path& path);

// The data set that a run was trained on; empty for models that do not tell. Throws Error.
std::string dataset_of(const std::filesystem::path& model);

// Names of the classes, as far as the model tells them; else empty. They may be of another number than the classes,
// where somebody has given the network another last layer.
std::vector<std::string> class_names(const std::filesystem::path& model);

// The network with float operations and Quant nodes, as it was trained; from a .pact file, its integer form.
// Throws Error.
graph::Network load_model(const ModelSource& source);

}  // namespace pact::api
