// `pact sweep` as a function: trains what a sweep file asks for and is not there yet, one run after another,
// and collects the results of all.
//
// The folder of a sweep holds a run directory for each row, and over them sweep.md, sweep.csv, sweep.html and
// results.json, written anew whenever a run ends. Nothing else is kept: what is done stands in the run
// directories, so that the same command goes on wherever an earlier one was stopped or killed.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "api_train/sweep/fields.h"
#include "train/trainer.h"

namespace pact::api {

struct SweepCommand {
  std::filesystem::path file, output;
  SweepChanges changes;
  const std::atomic<bool>* stop = nullptr;  // set it to end after the current step, with a checkpoint
};

struct SweepProgress {
  std::string run;                        // the one at work
  size_t done = 0, failed = 0, left = 0;  // runs; `left` has the one at work
  double fraction = 0;                    // of the whole, by epochs
  std::string at_work;                    // what it does
  double seconds_left = -1;               // of the whole; below 0: not known yet
};

struct SweepObserver {
  std::function<void(const std::string&)> on_message = [](const std::string&) {};
  std::function<void(const SweepProgress&)> on_progress = [](const SweepProgress&) {};
};

struct SweepSummary {
  train::Outcome outcome = train::Outcome::finished;
  Json results;                                 // as in results.json
  std::vector<std::vector<std::string>> lines = {};  // the same as a table, heads first
  size_t failed = 0;
  std::filesystem::path markdown, csv, page;
};

// The rows with their status; trains and writes nothing. Throws Error.
SweepSummary plan_sweep(const SweepCommand& command);

// Throws Error when the file is wrong or the folder is not to be used; a run that fails is a result.
SweepSummary sweep(const SweepCommand& command, const SweepObserver& observer);

}  // namespace pact::api
