#include "passes/layer_table.h"

#include <algorithm>

#include "graph/layers.h"
#include "graph/rules.h"
#include "passes/insert_quantizers.h"
#include "quant/grid.h"
#include "quant/pack.h"

namespace pact::passes {

using graph::Graph;
using graph::Node;
using graph::Op;

namespace {

// Of a trained network, or of its integer form.
std::vector<const Node*> layers_of(const Graph& graph) {
  std::vector<const Node*> layers = weighted_layers(graph);
  const size_t floats = layers.size();
  for (const Node& node : graph.nodes())
    if (is_integer_layer(node)) layers.push_back(&node);
  if (layers.size() > floats)
    std::ranges::sort(layers);  // nodes lie in one array, in the order in which they run
  return layers;
}

}  // namespace

LayerTable make_layer_table(const Graph& graph) {
  LayerTable table;
  for (const Node* layer : layers_of(graph)) {
    LayerRow row;
    row.name = layer->name;
    row.op = name_of(layer->op);
    const graph::Shape& shape = graph.value(layer->output).type.shape;
    row.output = graph::to_string(graph::Shape(shape.begin() + 1, shape.end()));
    row.macs = graph::macs_per_image(graph, *layer);

    const Node* weight_quant = graph.producer(layer->inputs[1]);
    const graph::ValueId weight = weight_quant ? weight_quant->inputs[0] : layer->inputs[1];
    if (weight_quant) {
      row.weight_bits = static_cast<int>(weight_quant->integer("bits"));
      row.weight_scheme = weight_quant->word(weight_quant->op == Op::quant ? "scheme" : "grid");
    }
    if (is_integer_layer(*layer)) {
      row.weight_bits = static_cast<int>(layer->integer("weight_bits"));
      row.weight_scheme = layer->word("weight_grid");
    }
    const Node* input = graph.producer(layer->inputs[0]);
    if (input && input->op == Op::quant) {
      row.activation_bits = static_cast<int>(input->integer("bits"));
      row.activation_scheme = input->word("scheme");
    } else if (input && input->op == Op::quantize) {
      row.activation_bits = static_cast<int>(input->integer("bits"));
      row.activation_scheme = input->word("grid");
    } else if ((input && input->op == Op::normalize && weight_quant) ||
               (!input && is_integer_layer(*layer))) {
      row.activation_bits = 8;
      row.activation_scheme = "pixels";
    }

    const int64_t weights = graph::element_count(graph.value(weight).type.shape);
    const int64_t biases =
        layer->inputs.size() > 2 ? graph::element_count(graph.value(layer->inputs[2]).type.shape) : 0;
    row.parameters = weights + biases;
    row.bytes =
        4 * biases +
        (row.weight_bits == quant::kFloatBits
             ? 4 * weights
             : static_cast<int64_t>(quant::packed_size_bytes(static_cast<size_t>(weights), row.weight_bits)));
    table.macs += row.macs;
    table.bytes += row.bytes - 4 * row.parameters;
    table.rows.push_back(row);
  }
  for (const graph::Value& value : graph.values()) {
    if (value.kind == graph::ValueKind::parameter) table.parameters += graph::element_count(value.type.shape);
    if (value.kind == graph::ValueKind::parameter || value.kind == graph::ValueKind::buffer)
      table.float_bytes += 4 * graph::element_count(value.type.shape);
  }
  table.bytes += table.float_bytes;
  return table;
}

}  // namespace pact::passes
