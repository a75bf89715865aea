#include "reference/evaluate.h"

#include "base/error.h"
#include "reference/ops/ops.h"

namespace pact::reference {
namespace {

using graph::Graph;
using graph::Network;
using graph::Op;
using graph::Tensor;
using graph::Tensors;
using graph::TensorType;

Tensor apply(const Application& application) {
  switch (application.node.op) {
    case Op::normalize:
      return normalize(application);
    case Op::conv2d:
      return conv2d(application);
    case Op::batch_norm:
      return batch_norm(application);
    case Op::relu:
      return relu(application);
    case Op::clip:
      return clip(application);
    case Op::add:
      return add(application);
    case Op::quant:
      return quant(application);
    case Op::max_pool:
      return max_pool(application);
    case Op::avg_pool:
      return avg_pool(application);
    case Op::global_avg_pool:
      return global_avg_pool(application);
    case Op::flatten:
      return flatten(application);
    case Op::linear:
      return linear(application);
    case Op::slice:
      return slice(application);
    case Op::pad:
      return pad(application);
    case Op::quantize:
      return quantize(application);
    case Op::dequantize:
      return dequantize(application);
    case Op::integer_conv2d:
      return integer_conv2d(application);
    case Op::integer_linear:
      return integer_linear(application);
    case Op::rescale:
      return rescale(application);
    case Op::fixed_requantize:
      return fixed_requantize(application);
    case Op::fixed_rescale:
      return fixed_rescale(application);
    case Op::sum_pool:
      return sum_pool(application);
  }
  fail(ErrorKind::internal, "op {} is unknown", static_cast<int>(application.node.op));
}

TensorType with_batch(TensorType type, int64_t batch) {
  if (!type.shape.empty() && type.shape[0] == graph::kBatch) type.shape[0] = batch;
  return type;
}

// Checks `input` against the graph's only one and returns how many images it holds.
int64_t require_input(const Graph& graph, const Tensor& input) {
  if (graph.inputs().size() != 1)
    fail("graph {}: it has {} inputs, only graphs with one can be evaluated", graph.name(),
         graph.inputs().size());
  const graph::Value& value = graph.value(graph.inputs()[0]);
  const int64_t batch = input.shape.empty() ? 1 : input.shape[0];
  const TensorType given{input.type, input.shape};
  if (batch < 1 || given != with_batch(value.type, batch))
    fail("graph {}: its input '{}' is {}, the tensor given is {}", graph.name(), value.name,
         to_string(value.type), to_string(given));
  if (input.bytes.size() != static_cast<size_t>(input.count()) * size_bytes(input.type))
    fail("graph {}: the tensor given for its input '{}', {}, has {} bytes", graph.name(), value.name,
         to_string(given), input.bytes.size());
  return batch;
}

}  // namespace

Tensors evaluate_all(const Network& network, const Tensor& input,
                     const std::function<void(double)>& on_progress) {
  verify(network);
  const Graph& graph = network.graph;
  const int64_t batch = require_input(graph, input);
  Tensors values = network.tensors;
  values[graph.value(graph.inputs()[0]).name] = input;
  size_t done = 0;
  for (const graph::Node& node : graph.nodes()) {
    if (on_progress) on_progress(static_cast<double>(done++) / static_cast<double>(graph.nodes().size()));
    values[node.name] = evaluate_node(graph, node, values, batch);
  }
  return values;
}

Tensor evaluate_node(const Graph& graph, const graph::Node& node, const Tensors& values, int64_t batch) {
  Application application{graph, node, {}, with_batch(graph.value(node.output).type, batch)};
  for (const graph::ValueId id : node.inputs) application.inputs.push_back(&values.at(graph.value(id).name));
  try {
    return apply(application);
  } catch (const Error& error) {
    fail(error.kind(), "node '{}' ({}): {}", node.name, name_of(node.op), error.what());
  }
}

Tensor evaluate(const Network& network, const Tensor& input) {
  const Graph& graph = network.graph;
  if (graph.outputs().size() != 1)
    fail("graph {}: it has {} outputs, where one is asked for", graph.name(), graph.outputs().size());
  Tensors values = evaluate_all(network, input);
  return std::move(values.at(graph.value(graph.outputs()[0]).name));
}

}  // namespace pact::reference
