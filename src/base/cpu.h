// Which instruction sets this machine has, and which one to use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/isa.h"

namespace pact {

std::string_view name_of(Isa isa);

// The largest instruction set that `isa` contains, where to look for what it has not of its own; portable has
// itself.
Isa included_in(Isa isa);

// What the CPU and the operating system offer, slowest first.
std::vector<Isa> available_isas();

// The best available, or the one that the environment variable PACT_FORCE_ISA names. Throws Error when that
// is unknown or not available here.
Isa selected_isa();

// Cores that this process may run on: what `taskset` and containers leave of the machine. More threads than
// that would wait for each other in turns, at a small fraction of the speed.
int usable_cores();

// One line for reports, for example "AMD EPYC, 2 cores, x86_avx512".
std::string machine_description();

}  // namespace pact
