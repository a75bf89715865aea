// The dynamic program behind residency.h.
#pragma once

#include <vector>

#include "accelerator/residency.h"

namespace pact::accelerator {

// The tensors to keep in `room_bits` when these weights are pinned already: exact while the states of a
// layer, one per set of kept tensors alive, are at most 4096, and the best of those kept states beyond.
std::vector<char> keep_tensors(const ResidencyModel& model, const std::vector<char>& pinned,
                               int64_t room_bits);

// Tensors and weights together, weights measured in 1/32 of the room (rounded up, so that all fits).
Residency search_by_program(const ResidencyModel& model);

}  // namespace pact::accelerator
