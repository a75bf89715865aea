// The normalization of pixels that other tools train with, (x / 255 - mean) / std with a deviation of its own
// for each channel, as one whose pixels stay integers: so that the first layer of the network that is trained
// from it can be lowered (docs/number_format.md, Pixels).
#pragma once

#include "graph/graph.h"

namespace pact::passes {

// With M[c] the integer nearest to mean[c] and S the power of two nearest to the mean deviation,
//   (x - mean[c]) / std[c] = (x - M[c]) / S * (S / std[c]) + (M[c] - mean[c]) / std[c]
// The factor goes into the weights of the convolutions that read the pixels, the term into what follows them:
// the running mean of a batch norm, or the bias. Inside the image the result is the same but for rounding;
// where a filter reaches into the padding, that term is too much by at most half a pixel value a tap, which
// training from there on forgets. Returned unchanged: a network whose pixels are integers already, or whose
// pixels something else than convolutions with real weights of their own reads. The network is meant for
// training, before quantizers are inserted.
graph::Network with_integer_pixels(const graph::Network& network);

}  // namespace pact::passes
