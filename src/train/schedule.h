// The learning rate of every step.
#pragma once

#include "train/settings.h"

namespace pact::train {

// Rate of step `step` (0-based, over the whole run) of a run with `steps_per_epoch` steps an epoch.
//   step       rate * rate_factor^(milestones passed)
//   cosine     rate * (1 + cos(pi * progress)) / 2
//   one-cycle  rises linearly from rate / 25 to rate over `warmup` epochs (30 % of the run when 0), falls
//   along a
//              cosine to rate / 10^4 (Smith 2018)
// The other two begin with a linear warm-up from 0 over `warmup` epochs.
double learning_rate(const Settings& settings, int64_t step, int64_t steps_per_epoch);

}  // namespace pact::train
