// Makes an untrained network behave like a trained one, as far as speed and tools go: running statistics of
// batch norms and clipping levels from one batch, so that activations neither die nor saturate on their way.
#pragma once

#include <cstdint>
#include <span>

#include "graph/graph.h"

namespace pact::train {

// `pixels` are NHWC bytes of as many whole images as they hold, at least one. Levels are those of least
// squared error with all else in high precision; statistics are then those of the quantized network. Throws
// Error.
void settle(graph::Network& network, std::span<const uint8_t> pixels);

}  // namespace pact::train
