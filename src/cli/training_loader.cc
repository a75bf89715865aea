// Training as the program sees it: the commands by name, and the module when one of them is called.

#include <dlfcn.h>

#include "base/error.h"
#include "base/version.h"
#include "cli/training.h"

namespace pact::cli {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  fail(ErrorKind::unsupported,
       "training is a part of its own, and it cannot be loaded: {}. It belongs to the program: build or "
       "install both together",
       why);
}

// The module is never closed: libtorch does not stand that.
const Training& training() {
  static const Training* const table = [] {
    void* module = dlopen(kTrainingModule, RTLD_LAZY | RTLD_LOCAL);  // by the program's own list of folders
    if (!module) refuse(dlerror());
    const auto entry = reinterpret_cast<decltype(&pact_training)>(dlsym(module, kTrainingSymbol));
    if (!entry) fail("{} is not the training part of this program: {}", kTrainingModule, dlerror());
    const Training* const found = entry(kVersion, command_line.c_str());
    if (!found) refuse(fmt::format("{} is of another version than {}", kTrainingModule, kVersion));
    return found;
  }();
  return *table;
}

// With all its options where it is the command that was called, otherwise for the list of commands.
void add(CLI::App& app, Run& run, const char* name, const char* help,
         void (*Training::*adder)(CLI::App&, Run&)) {
  if (command_name == name)
    (training().*adder)(app, run);
  else
    app.add_subcommand(name, help);
}

}  // namespace

void add_train(CLI::App& app, Run& run) { add(app, run, "train", kTrainHelp, &Training::add_train); }
void add_sweep(CLI::App& app, Run& run) { add(app, run, "sweep", kSweepHelp, &Training::add_sweep); }

api::RealEvaluator real_evaluator() {
  return [](const graph::Network& network, const data::Dataset& images, const api::RealEvaluation& how) {
    return training().evaluate_real(network, images, how);
  };
}

void require_device(const std::string& name) {
  if (name != "cpu") training().require_device(name);
}

api::Settle settle_random() {
  return
      [](auto&&... arguments) { return training().settle(std::forward<decltype(arguments)>(arguments)...); };
}

}  // namespace pact::cli
