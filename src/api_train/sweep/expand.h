// Groups of a sweep file: every combination of the values on their axes is a run.
#pragma once

#include "api_train/sweep/fields.h"

namespace pact::api {

// The runs of one group, an element of "runs"; `shared` is what it does not say itself. The last axis varies
// fastest. Throws Error.
//
// An axis is a list of values of a setting, or of "network", "data", "recipe" or "bits" (weights and
// activations alike); or, under a name of its own, an object from labels to objects with what the runs of
// that label have. {axis} in "name" and in the texts of settings stands for the label of the run at hand,
// {network} for its network.
std::vector<SweepRow> expand_group(const Json& group, const RunParts& shared);

}  // namespace pact::api
