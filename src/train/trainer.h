// A training run from its settings to its last checkpoint. The run directory is the run: everything needed to
// go on, to evaluate or to report stands in it. Of several processes the first writes it.
//
//   graph.txt                    the network, text form
//   last.safetensors             parameters after the last complete checkpoint, and how far the run is
//   last.optimizer-STEP.safetensors   the optimizer's state at that very step
//   best.safetensors             parameters of the best evaluation so far
//   metrics.jsonl, run.json, report.json
//   teacher.pact                 where the network came trained: as it came, for a teacher
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "data/dataset.h"
#include "data/evaluation.h"
#include "graph/graph.h"
#include "train/processes/processes.h"
#include "train/settings.h"

namespace pact::train {

struct StepReport {
  int64_t epoch, epochs;  // epoch counts from 1
  int64_t step, steps;    // within the epoch, from 1
  int64_t images;         // seen in this epoch
  double loss, top1;      // running means of the epoch; top1 in per cent
  double images_per_second;
  double seconds_left;  // of the whole run
};

struct EpochReport {
  int64_t epoch, epochs;
  double rate, train_loss, train_top1;
  std::optional<double> test_loss, test_top1;
  double seconds, images_per_second;
};

struct Observer {
  std::function<void(const std::string&)> on_message = [](const std::string&) {};
  std::function<void(const StepReport&)> on_step = [](const StepReport&) {};
  std::function<void(const EpochReport&)> on_epoch = [](const EpochReport&) {};
};

enum class Continuation { fresh, resume };

struct TrainRequest {
  graph::Network network;  // quantizers inserted, parameters initialised
  Settings settings;
  const data::Dataset* train = nullptr;
  const data::Dataset* test = nullptr;
  std::filesystem::path directory;
  Continuation continuation = Continuation::fresh;
  std::string network_name;
  std::string command;                      // as typed, for run.json
  const std::atomic<bool>* stop = nullptr;  // set it to end after the current step, with a checkpoint
  const Processes* processes = nullptr;     // that train together, each called with its request; or none
};

enum class Outcome { finished, interrupted };

struct TrainResult {
  Outcome outcome = Outcome::finished;
  double test_top1 = 0;  // last epoch
  double test_loss = 0;
  int64_t epochs = 0;
};

// Throws Error on anything that the input is to blame for; a loss that is not finite ends the run with the
// step at which it happened, and the last checkpoint stays. Where another process is lost it throws
// LostProcess, which says where to go on.
TrainResult train(const TrainRequest& request, const Observer& observer);

using data::Evaluation;

// Throws Error, as training and evaluation would, where there is no device `name`, "cpu" or "cuda".
void require_device(const std::string& name);

struct EvaluateOptions {
  int threads = 0;
  std::string device = "cpu";
  std::function<void(int64_t images)> on_progress = [](int64_t) {};
};

// The fake-quantized network in float32 on all images of `dataset`.
Evaluation evaluate(const graph::Network& network, const data::Dataset& dataset,
                    const EvaluateOptions& options);

}  // namespace pact::train
