// Lowering: from a trained network, whose quant nodes leave values real, to one that computes the same on
// integers (formulas: docs/number_format.md). A quantized layer and the batch norm behind it become
//   accumulator = sum over the filter of multiplicand(weight code) * (input code - input_zero[c])
//   value       = float32(accumulator) * multiplier[o] + bias[o]
#pragma once

#include "graph/graph.h"

namespace pact::passes {

// The integer form of `trained`; a node whose name is in both networks yields the same real numbers (but for
// rounding), except that
//  - a quant node of activations becomes a quantize node of its name, which yields codes; so do slices and pads of
//    these; what adds them reads a dequantize node of its own, named <add>.shortcut, and
//  - a layer whose batch norm was folded yields its accumulators under its own name.
// A batch norm behind anything but a layer, as in front of the layers of pre-activation networks, becomes a rescale
// of real numbers. Constants that lowering makes are named <layer>.weight_codes, <layer>.multiplier and
// <layer>.bias, those of such a batch norm after itself.
// An input becomes u8 pixels where only a normalize reads it, with integer means and one std for all
// channels, that only quantized convolutions read. Layers not quantized on both sides stay float, with their
// quantized weights as values. Nothing unused is left. Throws Error on schemes without an integer form, on
// numbers that no grid or multiplier can hold, and on layers whose accumulator could leave int32, naming the
// node.
//
// The requantization between layers is that of docs/number_format.md: real, in float32, or fixed, in integers alone
// with streams of `stream_bits` bits (fixed.h says what else is refused then).
enum class Requantization { real, fixed };
struct LowerOptions {
  Requantization requantization = Requantization::real;
  int stream_bits = 24;  // 16 to 32
};
graph::Network lower(const graph::Network& trained, const LowerOptions& options = {});
// The same; weights of `trained` go as soon as their codes are taken, so that memory never holds both networks.
graph::Network lower(graph::Network&& trained, const LowerOptions& options = {});

}  // namespace pact::passes
