// One function per op of the graph, all with the same shape. They rely on a sound graph (graph::verify) and
// throw Error without the node's name, which the caller adds. Definitions: convolution.cc, pooling.cc,
// elementwise.cc, normalization.cc, shape.cc, fake_quantization.cc, codes.cc, fixed.cc.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace pact::reference {

// A node with the tensors it reads and the type it makes, the batch closed.
struct Application {
  const graph::Graph& graph;
  const graph::Node& node;
  std::vector<const graph::Tensor*> inputs;
  graph::TensorType type;
};

graph::Tensor normalize(const Application& application);
graph::Tensor conv2d(const Application& application);
graph::Tensor batch_norm(const Application& application);
graph::Tensor relu(const Application& application);
graph::Tensor clip(const Application& application);
graph::Tensor add(const Application& application);
graph::Tensor quant(const Application& application);
graph::Tensor max_pool(const Application& application);
graph::Tensor avg_pool(const Application& application);
graph::Tensor global_avg_pool(const Application& application);
graph::Tensor flatten(const Application& application);
graph::Tensor linear(const Application& application);
graph::Tensor slice(const Application& application);
graph::Tensor pad(const Application& application);
graph::Tensor quantize(const Application& application);
graph::Tensor dequantize(const Application& application);
graph::Tensor integer_conv2d(const Application& application);
graph::Tensor integer_linear(const Application& application);
graph::Tensor rescale(const Application& application);
graph::Tensor fixed_requantize(const Application& application);
graph::Tensor fixed_rescale(const Application& application);
graph::Tensor sum_pool(const Application& application);

// Throws Error where `number` leaves int32.
int32_t to_int32(int64_t number);

}  // namespace pact::reference
