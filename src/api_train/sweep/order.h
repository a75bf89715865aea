// Runs that begin from others, or learn from them, come behind these.
#pragma once

#include "api_train/sweep/sweep_file.h"

namespace pact::api {

// Finds which `init` and `teacher` name rows, and sorts: a row comes behind those it refers to, else the
// order stays. A name that is neither a row nor a path that exists is a problem, and so is a circle. Names
// must be unique.
void resolve_references(std::vector<SweepRow>& rows, std::vector<std::string>& problems);

}  // namespace pact::api
