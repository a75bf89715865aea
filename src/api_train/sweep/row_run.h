// One row of a sweep as a training run: what its directory says of it, and the command that makes it or goes
// on.
#pragma once

#include <optional>
#include <string>

#include "api_train/sweep/sweep_file.h"
#include "api_train/train.h"

namespace pact::api {

enum class RowState {
  left,         // to be made
  interrupted,  // to be gone on with
  finished,
};

struct RowRun {
  std::filesystem::path directory;
  train::Settings settings;                  // with the directories of the rows it refers to
  std::map<std::string, std::string> texts;  // of those over the recipes
  RowState state = RowState::left;
  int64_t epochs_done = 0;
  std::string status;  // as run.json has it; empty: there is none
  std::string message;
};

// Looks at the directory of a row of `sweep`, below `output` or elsewhere. Throws Error when it holds
// something else: no run, or a run with other settings, network or data.
RowRun look_at(const Sweep& sweep, const SweepRow& row, const std::filesystem::path& output);

// The command that makes the row, or goes on with it.
TrainCommand command_of(const SweepRow& row, const RowRun& run, const std::atomic<bool>* stop);

// Removes a directory in which a run was killed before its first checkpoint.
void remove_false_start(const std::filesystem::path& directory);

}  // namespace pact::api
