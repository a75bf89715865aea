// normalize_activate.h for tensors on a GPU (kernels/cuda). What belongs to channels stays there, so that the
// host need not wait for it; sums over processes are those of tensors on the GPU.
#pragma once

#include "train/gpu.h"
#include "train/normalize_activate.h"

namespace pact::train {

// The real output, if wanted, then the quantized one, if there is a clip. `y` and `shortcut` are
// channels-last.
torch::autograd::variable_list normalize_activate_on_gpu(const Gpu& gpu, const NormalizeActivateInput& input,
                                                         const NormalizeActivateOptions& options);

}  // namespace pact::train
