// clip_quantize for tensors on a GPU (kernels/cuda).
#pragma once

#include "train/gpu.h"
#include "train/quantizers/clip.h"

namespace pact::train {

// `x` lies without gaps; where the clip differs between channels, the channel runs fastest.
at::Tensor clip_quantize_on_gpu(const Gpu& gpu, const at::Tensor& x, const at::Tensor& learned,
                                const Clip& clip);

}  // namespace pact::train
