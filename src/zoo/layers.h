// Layers that networks are put together from: each adds its nodes and parameters under one name.
#pragma once

#include <string>

#include "graph/graph.h"
#include "zoo/zoo.h"

namespace pact::zoo {

// The raw image and its normalisation: "image" -> "pixels".
graph::ValueId add_pixels(graph::Graph& graph, const InputSpec& input);

struct ConvOptions {
  int64_t channels;  // of the output
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t groups = 1;
};

// `name` (conv2d, padded to keep the extent at stride 1, no bias).
graph::ValueId add_conv(graph::Graph& graph, const std::string& name, graph::ValueId x,
                        const ConvOptions& options);
// What the scale and shift of a batch norm are called: as in its paper, or as in torch's state_dict.
enum class NormNames { gamma_beta, weight_bias };
// `name` (batch_norm).
graph::ValueId add_batch_norm(graph::Graph& graph, const std::string& name, graph::ValueId x,
                              NormNames names = NormNames::gamma_beta);
// `name` (linear with bias).
graph::ValueId add_linear(graph::Graph& graph, const std::string& name, graph::ValueId x, int64_t outputs);

}  // namespace pact::zoo
