// `pact eval` as a function.
#pragma once

#include <filesystem>
#include <string>

#include "train/run_directory.h"
#include "train/trainer.h"

namespace pact::api {

struct EvaluateCommand {
  std::filesystem::path model;  // run directory, or a .safetensors file in one
  std::string dataset;          // empty: the one that the run was trained on
  train::Checkpoint checkpoint = train::Checkpoint::last;
  int threads = 0;  // 0: one per core
};

struct EvaluateSummary {
  train::Evaluation evaluation;
  std::string network, dataset;
};

// Top-1 on the test part. Throws Error. `on_progress` gets images done and images in all.
EvaluateSummary evaluate(const EvaluateCommand& command,
                         const std::function<void(int64_t, int64_t)>& on_progress);

// One class index per line. Throws Error.
void write_predictions(const std::vector<int>& predictions, const std::filesystem::path& path);

}  // namespace pact::api
