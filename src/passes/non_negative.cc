#include "passes/non_negative.h"

#include "quant/grid.h"

namespace pact::passes {

using graph::Op;

bool is_non_negative(const graph::Graph& graph, graph::ValueId value) {
  for (;;) {
    const graph::Node* node = graph.producer(value);
    if (!node) return false;
    switch (node->op) {
      case Op::relu:
        return true;
      case Op::clip:
        return node->real("low") >= 0.0;
      case Op::add:
        if (!is_non_negative(graph, node->inputs[1])) return false;
        value = node->inputs[0];
        break;
      case Op::max_pool:
      case Op::avg_pool:
      case Op::global_avg_pool:
      case Op::flatten:
      case Op::slice:
      case Op::pad:
        value = node->inputs[0];
        break;
      case Op::quant:
        if (node->word("grid") == name_of(quant::GridKind::unsigned_)) return true;
        value = node->inputs[0];
        break;
      case Op::normalize:
      case Op::conv2d:
      case Op::batch_norm:
      case Op::linear:
      case Op::quantize:
      case Op::dequantize:
      case Op::integer_conv2d:
      case Op::integer_linear:
      case Op::rescale:
      case Op::fixed_requantize:
      case Op::fixed_rescale:
      case Op::sum_pool:
        return false;
    }
  }
}

}  // namespace pact::passes
