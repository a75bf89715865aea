#include "graph/grids.h"

#include "base/error.h"

namespace pact::graph {

quant::Grid grid_of(const Node& node) {
  return {quant::grid_kind_of(node.word("grid")), static_cast<int>(node.integer("bits")),
          static_cast<float>(node.real("step")), static_cast<int>(node.integer("zero"))};
}

quant::Grid form_of(const Node& quant) {
  return {.kind = quant::grid_kind_of(quant.word("grid")),
          .bits = static_cast<int>(quant.integer("bits")),
          .zero = static_cast<int>(quant.integer("zero"))};
}

quant::Grid weight_grid_of(const Node& node) {
  return {.kind = quant::grid_kind_of(node.word("weight_grid")),
          .bits = static_cast<int>(node.integer("weight_bits"))};
}

quant::Grid code_grid_of(const Node& node) {
  return {.kind = quant::grid_kind_of(node.word("grid")), .bits = static_cast<int>(node.integer("bits"))};
}

CodeRange code_range(const Graph& graph, ValueId codes) {
  const Node* producer = graph.producer(codes);
  // Codes that are moved stay what they are; what a pad adds, 0, is a code of every grid.
  while (producer && (producer->op == Op::slice || producer->op == Op::pad || producer->op == Op::max_pool ||
                      producer->op == Op::flatten))
    producer = graph.producer(producer->inputs[0]);
  if (producer && (producer->op == Op::quantize || producer->op == Op::fixed_requantize)) {
    const quant::Grid grid = code_grid_of(*producer);
    return {grid.min_code(), grid.max_code()};
  }
  return graph.value(codes).type.dtype == DataType::i8 ? CodeRange{-128, 127} : CodeRange{0, 255};
}

quant::FixedPoint FixedNumbers::at(size_t channel) const {
  const size_t c = multiplier.count() == 1 ? 0 : channel;
  const quant::FixedPoint fixed{multiplier.as<int16_t>()[c], bias.as<int64_t>()[c], shift.as<uint8_t>()[c]};
  if (!is_within(fixed, quant::kNetworkLimits))
    fail(
        "multiplier {}, bias {} or shift {} of channel {} is out of bounds (|m| < 2^15, |b| <= 2^46, shift 1 "
        "to 46)",
        fixed.multiplier, fixed.bias, fixed.shift, channel);
  return fixed;
}

int code_at(const Tensor& codes, size_t i) {
  const auto byte = std::to_integer<uint8_t>(codes.bytes[i]);
  return codes.type == DataType::i8 ? static_cast<int8_t>(byte) : byte;
}

}  // namespace pact::graph
