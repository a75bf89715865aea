// What several processes must have in common to train one network: settings, network and data.
#pragma once

#include "train/processes/processes.h"
#include "train/trainer.h"

namespace pact::train {

// Of this process, which trains with activations of type `precision`. Threads may differ; data may lie
// elsewhere, as long as they are the same.
Facts facts_of(const TrainRequest& request, const std::string& precision);

}  // namespace pact::train
