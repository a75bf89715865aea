// How a network that comes trained is trained on where the command does not say.
#pragma once

#include <functional>
#include <string>

#include "api_train/train.h"

namespace pact::api {

// The command with the recipe that tunes an ONNX network, and for few bits with the network as it came for a teacher, where
// no recipe is named; `tell` is told. The recipe "none" stands for plain defaults.
TrainCommand tuned(TrainCommand command, const std::function<void(const std::string&)>& tell);

}  // namespace pact::api
