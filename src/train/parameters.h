// The numbers of a network as libtorch tensors: parameters learn, buffers do not.
#pragma once

#include <map>
#include <string>

#include "graph/graph.h"
#include "train/torch.h"

namespace pact::train {

at::Tensor to_torch(const graph::Tensor& tensor);    // copies
graph::Tensor from_torch(const at::Tensor& tensor);  // copies; float32 or int64

// Keyed by value name. Handles stay valid while training updates in place.
using Parameters = std::map<std::string, at::Tensor>;

// One tensor per parameter and buffer of the network, on `device`; parameters require gradients.
Parameters to_parameters(const graph::Network& network, at::Device device = at::kCPU);
// The same tensors, or copies of those on a GPU.
Parameters on_cpu(const Parameters& parameters);
// Copies the numbers of `from`. Throws Error, "WHAT do not fit ...", where a name is missing or has another
// shape.
void copy_into(const Parameters& to, const graph::Tensors& from, const std::string& what);
graph::Tensors to_tensors(const Parameters& parameters);

}  // namespace pact::train
