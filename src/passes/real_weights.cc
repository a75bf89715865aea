#include "passes/real_weights.h"

#include <map>

#include "passes/lower/grids.h"
#include "passes/lower/remove_unused.h"

namespace pact::passes {

using graph::Network;
using graph::ValueId;

Network with_real_weights(const Network& network) {
  const graph::Graph& from = network.graph;
  Network to{graph::Graph(from.name()), {}};
  std::map<ValueId, ValueId> copied;
  for (ValueId id = 0; id < static_cast<ValueId>(from.values().size()); ++id) {
    const graph::Value& value = from.value(id);
    const graph::Node* node = from.producer(id);
    if (node && node->op == graph::Op::dequantize && weight_quant(network, id)) {
      to.tensors[value.name] = values_of(weight_codes(network, *node));
      copied[id] = to.graph.add_parameter(value.name, value.type);
    } else if (node) {
      std::vector<ValueId> inputs;
      for (const ValueId input : node->inputs) inputs.push_back(copied.at(input));
      copied[id] = to.graph.add_node(node->op, node->name, std::move(inputs), node->attributes);
    } else {
      copied[id] = to.graph.add_source(value.kind, value.name, value.type);
      if (const graph::Tensor* tensor = constant_of(network, id)) to.tensors[value.name] = *tensor;
    }
  }
  for (const ValueId output : from.outputs()) to.graph.add_output(copied.at(output));
  return remove_unused(std::move(to));
}

}  // namespace pact::passes
