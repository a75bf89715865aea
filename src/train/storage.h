// Activations as the kernels see them: float32 or bfloat16, the channel running fastest.
#pragma once

#include "kernels/norm_activate/norm_activate.h"
#include "train/torch.h"

namespace pact::train {

kernels::Storage storage_of(const at::Tensor& t);

// The address of element `element` in memory order.
void* at_element(const at::Tensor& t, int64_t element);

// `t` itself when its channels already run fastest without gaps, otherwise a copy that does.
at::Tensor channels_last(const at::Tensor& t);

// A gradient in the type and layout of `t`; undefined stays undefined.
at::Tensor like(const at::Tensor& gradient, const at::Tensor& t);

// [pixels, channels] view of a channels-last tensor.
at::Tensor as_pixels(const at::Tensor& t);

}  // namespace pact::train
