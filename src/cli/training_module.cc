// The module's table: compiled into the module only, together with the commands that it adds.

#include <string_view>

#include "api_train/train.h"
#include "base/version.h"
#include "cli/training.h"

namespace pact::cli {

std::string command_line;

extern "C" const Training* pact_training(const char* version, const char* called_with) {
  if (std::string_view(version) != kVersion) return nullptr;
  command_line = called_with;
  static const Training table{
      .add_train = add_train,
      .add_sweep = add_sweep,
      .evaluate_real =
          [](const graph::Network& network, const data::Dataset& images, const api::RealEvaluation& how) {
            return train::evaluate(network, images, {how.threads, how.device, how.on_progress});
          },
      .require_device = train::require_device,
      .settle = train::settle,
  };
  return &table;
}

}  // namespace pact::cli
