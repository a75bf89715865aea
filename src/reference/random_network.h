// Small random integer networks, for comparing evaluators with each other bit by bit. Everything is a
// function of the seed. One image takes at most a few hundred thousand multiplications.
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace pact::reference {

// A sound network from one u8 image [N,C,H,W] (C up to 40, H and W odd, up to 19) to one f32 output: integer
// convolutions of any kernel, stride, padding, dilation and grouping, shortcuts, all grids and bits, pooling,
// slices and pads on the real numbers between, linear layers, now and then a float layer. Weight codes and
// biases include the extreme ones, multipliers and steps also powers of two, which make ties. Accumulators
// fit into int32 for any input.
graph::Network random_integer_network(uint64_t seed);

// The same in integers alone (docs/number_format.md): the real numbers between are int32 streams, layers enter
// them or codes by fixed_rescale and fixed_requantize; no float layers. The output is f32 or a stream.
graph::Network random_fixed_network(uint64_t seed);

// An input for the only input of `network`, u8 or f32 with whole values 0 to 255: now and then all pixels
// are 0, all are 255, or each is one of the two.
graph::Tensor random_input(const graph::Network& network, int64_t batch, uint64_t seed);

}  // namespace pact::reference
