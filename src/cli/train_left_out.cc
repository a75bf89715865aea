// What a program built without libtorch says where training would be: compiled in place of train_command.cc and
// sweep_command.cc.

#include "base/error.h"
#include "cli/commands.h"

namespace pact::cli {

namespace {

void add_left_out(CLI::App& app, Run& run, const char* name) {
  CLI::App* command = app.add_subcommand(name, "not in this build: training takes libtorch");
  command->allow_extras();
  command->callback([&run] {
    run = [] {
      fail(ErrorKind::unsupported,
           "this pact was built without training, which takes libtorch. Install it (Debian: apt-get install "
           "libtorch-dev), then build with: cmake --preset release -DPACT_TRAIN=ON && cmake --build --preset "
           "release");
    };
  });
}

}  // namespace

void add_train(CLI::App& app, Run& run) { add_left_out(app, run, "train"); }
void add_sweep(CLI::App& app, Run& run) { add_left_out(app, run, "sweep"); }

api::RealEvaluator real_evaluator() { return {}; }
void require_device(const std::string&) {}
api::Settle settle_random() { return {}; }

}  // namespace pact::cli
