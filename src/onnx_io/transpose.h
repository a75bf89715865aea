// The axes of a constant in another order.
#pragma once

#include "graph/tensor.h"

namespace pact::onnx_io {

// Axis i of the result is axis order[i] of `tensor`. Throws Error when `order` is no permutation of its axes.
graph::Tensor transposed(const graph::Tensor& tensor, const std::vector<int64_t>& order);

}  // namespace pact::onnx_io
