// Sums of tensors over processes, and the processes as libtorch keeps what a backward pass needs.
#pragma once

#include "train/processes/processes.h"
#include "train/torch.h"

namespace pact::train {

// Replaces each number by its sum over all processes; `numbers` is contiguous, float32 or double, and stays
// where it lies.
void sum_over(const Processes& processes, const at::Tensor& numbers);

at::IValue shared_batch(const Processes& processes);  // which must outlive it
const Processes& processes_of(const at::IValue& shared);

}  // namespace pact::train
