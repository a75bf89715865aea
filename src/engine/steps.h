// Makers of steps, one per op: each takes the numbers it needs out of the network and keeps them in the form
// that its loop wants.
#pragma once

#include <span>

#include "engine/step.h"
#include "engine/units.h"
#include "graph/graph.h"
#include "kernels/fixed_requantize/fixed_requantize.h"
#include "kernels/requantize/requantize.h"

namespace pact::engine {

struct StepContext {
  const graph::Network& network;
  const kernels::RequantizeKernels& kernels;
  Isa isa;
  std::string_view algorithm{};  // for integer layers, wherever it can; empty: the fastest
  int threads;
  std::span<const int64_t> images;  // at most, in one run of the step that a node is part of
  const kernels::FixedRequantizeKernels& fixed;

  int64_t images_of(const graph::Node& node) const {
    return images[static_cast<size_t>(&node - network.graph.nodes().data())];
  }
  const graph::TensorType& type_of(graph::ValueId value) const { return network.graph.value(value).type; }
  // The numbers of a parameter or buffer. Throws Error when `value` is none.
  const graph::Tensor& tensor_of(const graph::Node& node, graph::ValueId value) const;
};

// One step for a group that can be computed piece by piece, as many as it has parts for another.
std::vector<Step> make_integer_steps(const StepContext& context, const LayerGroup& layers);

Step make_quantize(const StepContext& context, const graph::Node& node);
Step make_dequantize(const StepContext& context, const graph::Node& node);
Step make_rescale(const StepContext& context, const graph::Node& node);
Step make_normalize(const StepContext& context, const graph::Node& node);
Step make_batch_norm(const StepContext& context, const graph::Node& node);
Step make_relu(const StepContext& context, const graph::Node& node);
Step make_clip(const StepContext& context, const graph::Node& node);
Step make_add(const StepContext& context, const graph::Node& node);
Step make_fixed_rescale(const StepContext& context, const graph::Node& node);  // and fixed_requantize
Step make_stream_relu(const StepContext& context, const graph::Node& node);
Step make_stream_add(const StepContext& context, const graph::Node& node);
Step make_float_conv2d(const StepContext& context, const graph::Node& node);
Step make_float_linear(const StepContext& context, const graph::Node& node);
Step make_pool(const StepContext& context, const graph::Node& node);
Step make_global_avg_pool(const StepContext& context, const graph::Node& node);
// Of nodes that follow one another and only move elements.
Step make_moves(const StepContext& context, std::span<const graph::NodeId> nodes);

// The code fields of a Requantize for the grid of a quantize node.
kernels::Requantize codes_on_grid(const graph::Node& node);

}  // namespace pact::engine
