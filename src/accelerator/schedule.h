// The second level of detail: a layer as a sequence of pieces, two of everything on chip, one bus for all
// that moves. While a piece is computed the next one is loaded and the results of the one before are stored.
// Weights of the next layer may be loaded ahead; its inputs are there only when the last results of this one
// are. So the schedule shows what max(compute, bandwidth) leaves out: the first load, the last store, and the
// waiting between layers. Without a bandwidth limit both levels agree to the cycle.
#pragma once

#include <cstdint>
#include <vector>

namespace pact::accelerator {

// A layer cut into `pieces` equal in work and traffic: its tiles, or folds where a tile has several.
struct ScheduleItem {
  int64_t pieces = 1;
  int64_t compute_cycles = 0;  // of the layer
  double weight_bits = 0;      // loaded, free of what ran before
  double input_bits = 0;       // loaded, made by layers before
  double output_bits = 0;      // stored
};

// The cycle at which each layer is done with computing and storing, the first one starting at 0.
std::vector<double> schedule(const std::vector<ScheduleItem>& layers, double bits_per_cycle);

}  // namespace pact::accelerator
