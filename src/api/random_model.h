// Networks of the zoo with random numbers, for experiments with speed, size and other tools. They take the
// time and space of trained ones; what they classify means nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "graph/graph.h"

namespace pact::api {

// Statistics and clipping levels from one batch of NHWC bytes, which takes libtorch (train/settle.h).
using Settle = std::function<void(graph::Network&, std::span<const uint8_t> pixels)>;

struct RandomWeights {
  std::optional<uint64_t> seed;
  std::optional<int> weights, activations;      // bits, 32 for float; 8 unless given
  std::optional<std::string> weight_quantizer;  // what `pact train` takes unless given
  std::optional<std::string> shortcuts = {};    // real unless given (passes/coded_shortcuts.h)
  Settle settle = {};                           // empty in a program built without training

  bool any_set() const { return seed || weights || activations || weight_quantizer || shortcuts; }
};

// Initial weights, quantizers as `pact train` puts them, statistics of batch norms and clipping levels from
// one batch of drawn images. The name of the graph ends in "-random". Throws Error, also when there is no
// seed: random numbers must have been asked for.
graph::Network make_random_model(const std::string& zoo_name, const RandomWeights& random);

}  // namespace pact::api
