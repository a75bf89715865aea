// max_pool and avg_pool in training: libtorch's pools, and sums by convolutions where it has none.
#pragma once

#include "graph/graph.h"
#include "train/torch.h"

namespace pact::train {

// x is [N,C,H,W], float32 or bfloat16, as is the result; the node is one of graph/ops/pool.cc.
at::Tensor run_max_pool(const graph::Node& node, const at::Tensor& x);
at::Tensor run_avg_pool(const graph::Node& node, const at::Tensor& x);

}  // namespace pact::train
