// Layers that networks are put together from: each adds its nodes and parameters under one name.
#pragma once

#include <string>

#include "graph/graph.h"
#include "zoo/zoo.h"

namespace pact::zoo {

// The raw image and its normalisation: "image" -> "pixels".
graph::ValueId add_pixels(graph::Graph& graph, const InputSpec& input);

// `channels` of the published network, as a thinned one has them (InputSpec::thinning).
int64_t thinned(const InputSpec& input, int64_t channels);

inline constexpr int64_t kKeepExtent = -1;
enum class Bias { none, learned };

struct ConvOptions {
  int64_t channels;  // of the output
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t groups = 1;
  int64_t pad = kKeepExtent;  // on all four sides; kKeepExtent: what keeps the extent at stride 1
  Bias bias = Bias::none;
};

// `name` (conv2d).
graph::ValueId add_conv(graph::Graph& graph, const std::string& name, graph::ValueId x,
                        const ConvOptions& options);
// What the scale and shift of a batch norm are called: as in its paper, or as in torch's state_dict.
enum class NormNames { gamma_beta, weight_bias };
// `name` (batch_norm).
graph::ValueId add_batch_norm(graph::Graph& graph, const std::string& name, graph::ValueId x,
                              NormNames names = NormNames::gamma_beta);
// `name` (relu).
graph::ValueId add_relu(graph::Graph& graph, const std::string& name, graph::ValueId x);

struct PoolOptions {
  int64_t kernel = 2;
  int64_t stride = 2;
  int64_t pad = 0;
};
// `name` (max_pool).
graph::ValueId add_max_pool(graph::Graph& graph, const std::string& name, graph::ValueId x,
                            const PoolOptions& options = {});
// `name` (linear).
graph::ValueId add_linear(graph::Graph& graph, const std::string& name, graph::ValueId x, int64_t outputs,
                          Bias bias = Bias::learned);

}  // namespace pact::zoo
