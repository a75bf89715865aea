// Initial numbers of a network; the formulas stand in zoo.h.

#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "zoo/zoo.h"

namespace pact::zoo {
namespace {

using graph::Node;
using graph::Op;
using graph::Tensor;

void fill(Tensor& tensor, float value) {
  for (float& x : tensor.as<float>()) x = value;
}

void fill_normal(Tensor& tensor, double deviation, Random random) {
  for (float& x : tensor.as<float>()) x = static_cast<float>(deviation * random.normal());
}

void fill_uniform(Tensor& tensor, double bound, Random random) {
  for (float& x : tensor.as<float>()) x = static_cast<float>(random.uniform(-bound, bound));
}

}  // namespace

graph::Tensors initialize(const graph::Graph& graph, uint64_t seed) {
  graph::Tensors tensors;
  uint64_t stream = 0;
  const auto tensor_of = [&](const Node& node, size_t input) -> Tensor& {
    const graph::Value& value = graph.value(node.inputs[input]);
    return tensors.insert_or_assign(value.name, Tensor::zeros(value.type.dtype, value.type.shape))
        .first->second;
  };
  // A weight may stand behind its quantizer.
  const auto is_source = [&](const Node& node, size_t input) {
    return input < node.inputs.size() && graph.producer(node.inputs[input]) == nullptr;
  };
  for (const Node& node : graph.nodes()) {
    switch (node.op) {
      case Op::conv2d:
        if (is_source(node, 1)) {
          Tensor& weight = tensor_of(node, 1);
          const double fan_out = static_cast<double>(weight.shape[0] * weight.shape[2] * weight.shape[3]) /
                                 static_cast<double>(node.integer("groups"));
          fill_normal(weight, std::sqrt(2.0 / fan_out), Random(seed, ++stream));
        }
        if (is_source(node, 2)) fill(tensor_of(node, 2), 0.0f);
        break;
      case Op::linear:
        if (is_source(node, 1)) {
          Tensor& weight = tensor_of(node, 1);
          const double bound = 1.0 / std::sqrt(static_cast<double>(weight.shape[1]));
          fill_uniform(weight, bound, Random(seed, ++stream));
          if (is_source(node, 2)) fill_uniform(tensor_of(node, 2), bound, Random(seed, ++stream));
        }
        break;
      case Op::batch_norm:
        fill(tensor_of(node, 1), 1.0f);
        fill(tensor_of(node, 2), 0.0f);
        fill(tensor_of(node, 3), 0.0f);
        fill(tensor_of(node, 4), 1.0f);
        break;
      default:
        break;
    }
  }
  for (const graph::Value& value : graph.values())
    if ((value.kind == graph::ValueKind::parameter || value.kind == graph::ValueKind::buffer) &&
        !tensors.contains(value.name))
      fail(ErrorKind::unsupported, "{}: no rule says how to initialise this parameter", value.name);
  return tensors;
}

}  // namespace pact::zoo
