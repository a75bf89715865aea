// Where this process runs, for people and for the other processes.
#pragma once

#include <string>

namespace pact::train {

std::string own_name();

// The same for all processes that run on the same cores.
std::string own_cores();

}  // namespace pact::train
