// The network that a run trains: one of the zoo or of an ONNX file, with its quantizers and starting numbers, or that of
// the run which is resumed.
#pragma once

#include <filesystem>
#include <string>

#include "api_train/train.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "train/settings.h"

namespace pact::api {

// What a command asks for, with everything that it left to the run it resumes.
struct RunToTrain {
  std::string network, dataset;
  std::filesystem::path directory;
  train::Settings settings;
  bool is_finished = false;
};

// Throws Error where `name` is neither a network of the zoo nor an ONNX file, and says what it seems to be.
void require_network(const std::string& name);

// `data` has the images' form and the classes. Throws Error.
graph::Network make_network(const RunToTrain& run, const TrainCommand& command, const data::Dataset& data,
                            const train::Observer& observer);

}  // namespace pact::api
