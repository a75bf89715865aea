// The page about a sweep: its tables, and the figures that its runs have the data for. Like the report of
// runs it loads nothing from anywhere.
#pragma once

#include <string>

#include "report/fields.h"

namespace pact::report {

// `results` as report/sweep_tables.h states them.
std::string make_sweep_page(const Json& results);

}  // namespace pact::report
