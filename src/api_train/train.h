// `pact train` as a function: from names to a finished run directory.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "train/processes/membership.h"
#include "train/settings.h"
#include "train/settle.h"  // for the command line, as `api::Settle`
#include "train/trainer.h"

namespace pact::api {

struct TrainCommand {
  std::string network;               // of the zoo, or an ONNX file; empty: the run's own, when resuming
  std::vector<double> mean, std;     // of an ONNX file's input, on the 0..1 scale
  std::string dataset;               // "cifar10:DIR", "shapes"; empty: the run's own, when resuming
  std::filesystem::path directory;   // empty: runs/<network>-<bits>
  std::vector<std::string> recipes;  // paths, or names of configs/recipes
  std::map<std::string, std::string> settings;  // applied after the recipes
  train::Continuation continuation = train::Continuation::fresh;
  std::string command_line;
  const std::atomic<bool>* stop = nullptr;
  std::optional<train::Membership> membership;  // in a group of processes, each called with its command
  int processes = 0;                            // more than 1: starts the others on this machine
  std::chrono::seconds process_timeout{300};    // for the others to come, and without a word from one of them
};

// The place of this process in a group that a launcher started, if any; --processes, where given (not 0),
// must agree with it. Throws Error.
std::optional<train::Membership> given_membership(int processes);

struct TrainSummary {
  train::TrainResult result;
  std::filesystem::path directory, report;
  std::string network;
  int64_t weights, activations;
  int64_t bytes, float_bytes;  // of the parameters, packed at their bits and as float32
};

// The line of an epoch in a log.
std::string line_of(const train::EpochReport& report);

// Throws Error.
TrainSummary train(const TrainCommand& command, const train::Observer& observer);

}  // namespace pact::api
