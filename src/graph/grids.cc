#include "graph/grids.h"

namespace pact::graph {

quant::Grid grid_of(const Node& node) {
  return {quant::grid_kind_of(node.word("grid")), static_cast<int>(node.integer("bits")),
          static_cast<float>(node.real("step")), static_cast<int>(node.integer("zero"))};
}

quant::Grid weight_grid_of(const Node& node) {
  return {.kind = quant::grid_kind_of(node.word("weight_grid")),
          .bits = static_cast<int>(node.integer("weight_bits"))};
}

int code_at(const Tensor& codes, size_t i) {
  const auto byte = std::to_integer<uint8_t>(codes.bytes[i]);
  return codes.type == DataType::i8 ? static_cast<int8_t>(byte) : byte;
}

}  // namespace pact::graph
