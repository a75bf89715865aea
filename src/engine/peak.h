// How fast the multipliers of a core are: what any layer can be measured against.
#pragma once

#include "base/isa.h"

namespace pact::engine {

// Multiplications of bytes a second on one core, sums included, as measured on registers alone: the fastest of many
// short tries, some ten milliseconds in all. 0 where it is not known for the instruction set.
double measure_peak(Isa isa);

}  // namespace pact::engine
