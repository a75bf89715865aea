// The part of the program that computes with libtorch, as a table of functions. It lies in a module of its
// own, which is loaded when a command asks for it: libtorch alone takes 140 MiB of memory and longer to load
// than a small network takes to run, and most commands do without.
#pragma once

#include <string>

#include "cli/commands.h"

namespace pact::cli {

inline constexpr const char* kTrainHelp = "train a network, float or with 1 to 8 bits";
inline constexpr const char* kSweepHelp =
    "train a table of runs, networks x bits x schemes x seeds, and compare them on one page";

struct Training {
  void (*add_train)(CLI::App& app, Run& run);
  void (*add_sweep)(CLI::App& app, Run& run);
  api::RealEvaluator evaluate_real;
  void (*require_device)(const std::string& name);
  api::Settle settle;
};

// What the module shows: its only symbol. The module has its own copy of what it shares with the program, so
// it gets what the program was called with. Null where the program's version is not its own: the table may
// then be another.
extern "C" const Training* pact_training(const char* version, const char* command_line);
inline constexpr const char* kTrainingModule = "pact_training.so";
inline constexpr const char* kTrainingSymbol = "pact_training";

}  // namespace pact::cli
