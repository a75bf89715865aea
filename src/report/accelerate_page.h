// The page of `pact accelerate`: figures and tables of a network on low-precision hardware, in one file that
// loads nothing.
#pragma once

#include <string>

#include "report/fields.h"

namespace pact::report {

// `data` is what the command prints with --json.
std::string make_accelerate_page(const Json& data);

}  // namespace pact::report
