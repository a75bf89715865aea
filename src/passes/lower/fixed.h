// From the real form of a lowered network to one of integers alone (docs/number_format.md, "A network of
// integers alone"): real numbers between layers become codes straight away or int32 streams.
#pragma once

#include "graph/graph.h"

namespace pact::passes {

// `lowered` in integers, with streams of `stream_bits` (16 to 32) bits. A quantize node becomes a
// fixed_requantize of its name, a rescale that is read as a stream a fixed_rescale named <rescale>.stream, an
// average a sum_pool. An output that a rescale makes stays that rescale; another one is turned into real
// numbers at the very end. Throws Error, naming the node, on float layers and on numbers that do not fit.
graph::Network to_fixed(const graph::Network& lowered, int stream_bits);

}  // namespace pact::passes
