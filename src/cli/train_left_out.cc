// What a program built without libtorch says where training would be: compiled in place of train_command.cc.

#include "base/error.h"
#include "cli/commands.h"

namespace pact::cli {

void add_train(CLI::App& app, Run& run) {
  CLI::App* train = app.add_subcommand("train", "not in this build: training takes libtorch");
  train->allow_extras();
  train->callback([&run] {
    run = [] {
      fail(ErrorKind::unsupported,
           "this pact was built without training, which takes libtorch. Install it (Debian: apt-get install "
           "libtorch-dev), then build with: cmake --preset release -DPACT_TRAIN=ON && cmake --build --preset "
           "release");
    };
  });
}

api::RealEvaluator real_evaluator() { return {}; }
api::Settle settle_random() { return {}; }

}  // namespace pact::cli
