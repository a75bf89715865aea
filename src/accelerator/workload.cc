// Every value of the graph gets a root, the value it is a pointwise function of, and a layer, the latest
// among those before it. A root that a later layer reads becomes a stored tensor.
#include "accelerator/workload.h"

#include <algorithm>
#include <bit>
#include <map>

#include "base/error.h"
#include "graph/layers.h"

namespace pact::accelerator {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::ValueId;

enum class Role { layer, pointwise, sum, pool };

Role role_of(const Node& node) {
  switch (node.op) {
    case Op::conv2d:
    case Op::linear:
    case Op::integer_conv2d:
    case Op::integer_linear:
      return Role::layer;
    case Op::normalize:
    case Op::batch_norm:
    case Op::relu:
    case Op::clip:
    case Op::quant:
    case Op::quantize:
    case Op::dequantize:
    case Op::rescale:
    case Op::fixed_requantize:
    case Op::fixed_rescale:
    case Op::flatten:
    case Op::slice:
    case Op::pad:
      return Role::pointwise;
    case Op::add:
      return Role::sum;
    case Op::max_pool:
    case Op::avg_pool:
    case Op::global_avg_pool:
    case Op::sum_pool:
      return Role::pool;
  }
  fail(ErrorKind::internal, "an op without a role");
}

// Bits of the codes that `value` holds by the nearest quantizer before it; 0 when there is none.
int code_bits(const Graph& graph, ValueId value) {
  for (const Node* node = graph.producer(value); node; node = graph.producer(node->inputs[0])) {
    if (node->attributes.contains("bits")) return static_cast<int>(node->integer("bits"));
    if (node->op == Op::normalize) return 8;  // pixels
    const Role role = role_of(*node);
    if (role == Role::layer || role == Role::sum || (role == Role::pool && node->op != Op::max_pool) ||
        node->op == Op::batch_norm)
      return 0;
  }
  return graph.value(value).type.dtype == graph::DataType::u8 ? 8 : 0;
}

class Reader {
 public:
  explicit Reader(const Graph& graph) : graph_(graph) {}

  Workload read() {
    workload_.name = graph_.name();
    for (const ValueId input : graph_.inputs()) make_tensor(input, kOutside);
    for (const Node& node : graph_.nodes()) add(node);
    for (const ValueId output : graph_.outputs())
      if (const auto found = roots_.find(output); found != roots_.end()) tensor(found->second).leaves = true;
    if (workload_.layers.empty())
      fail("{}: has no convolution and no linear layer, so nothing runs on an array", graph_.name());
    // Tensors that are used up within the layer that makes them are never stored.
    std::vector<int> kept(workload_.tensors.size(), -1);
    std::vector<StoredTensor> stored;
    for (size_t i = 0; i < workload_.tensors.size(); ++i) {
      StoredTensor& one = workload_.tensors[i];
      if (one.readers.empty() && !one.leaves) continue;
      kept[i] = static_cast<int>(stored.size());
      stored.push_back(std::move(one));
    }
    workload_.tensors = std::move(stored);
    for (Layer& layer : workload_.layers) layer.input = kept[static_cast<size_t>(layer.input)];
    return std::move(workload_);
  }

 private:
  void add(const Node& node) {
    // Nodes on weights alone are no part of the flow.
    if (!roots_.contains(node.inputs[0])) return;
    switch (role_of(node)) {
      case Role::layer:
        return add_layer(node);
      case Role::pointwise:
        roots_[node.output] = roots_.at(node.inputs[0]);
        return;
      case Role::sum: {
        int latest = kOutside;
        for (const ValueId input : node.inputs)
          if (roots_.contains(input)) latest = std::max(latest, tensor(roots_.at(input)).producer);
        if (latest == kOutside) return make_tensor(node.output, kOutside);
        for (const ValueId input : node.inputs)
          if (roots_.contains(input))
            note_reader(roots_.at(input), latest,
                        code_bits(graph_, input) > 0 ? Reads::adds_codes : Reads::adds);
        return make_tensor(node.output, latest);
      }
      case Role::pool:
        return make_tensor(node.output, tensor(roots_.at(node.inputs[0])).producer);
    }
  }

  void add_layer(const Node& node) {
    const auto& x = graph_.value(node.inputs[0]).type.shape;
    const auto& y = graph_.value(node.output).type.shape;
    const Node* weight_quant = graph_.producer(node.inputs[1]);
    // Calibrated networks, and quantized ONNX files, hold codes.
    if (weight_quant && weight_quant->op != Op::quant && weight_quant->op != Op::dequantize)
      fail(ErrorKind::unsupported, "{}: its weights are computed by {}; an array takes constants", node.name,
           weight_quant->name);
    const auto& weight = graph_.value(node.inputs[1]).type.shape;
    const int index = static_cast<int>(workload_.layers.size());
    Layer layer;
    layer.name = node.name;
    layer.op = graph::name_of(node.op);
    layer.in_channels = x[1];
    layer.out_channels = y[1];
    if (x.size() == 4) {
      layer.in_rows = x[2], layer.in_columns = x[3];
      layer.out_rows = y[2], layer.out_columns = y[3];
      layer.kernel_rows = weight[2], layer.kernel_columns = weight[3];
      layer.row_stride = node.integers("strides")[0], layer.column_stride = node.integers("strides")[1];
      layer.row_dilation = node.integers("dilations")[0],
      layer.column_dilation = node.integers("dilations")[1];
      layer.top_pad = node.integers("pads")[0], layer.left_pad = node.integers("pads")[1];
      layer.groups = node.integer("groups");
    }
    if (is_integer_layer(node))
      layer.weight_bits = static_cast<int>(node.integer("weight_bits"));
    else if (weight_quant)
      layer.weight_bits = static_cast<int>(weight_quant->integer("bits"));
    if (const int bits = code_bits(graph_, node.inputs[0]); bits > 0 && layer.weight_bits < 32)
      layer.activation_bits = bits;
    layer.input = roots_.at(node.inputs[0]);
    workload_.layers.push_back(layer);
    note_reader(layer.input, index, Reads::multiplies);
    make_tensor(node.output, index);
  }

  enum class Reads { multiplies, adds, adds_codes };

  void note_reader(int root, int layer, Reads how) {
    StoredTensor& one = tensor(root);
    if (one.producer == layer) return;  // streams by
    if (how != Reads::multiplies) one.adds.push_back(layer);
    if (how == Reads::adds) one.adds_reals = true;
    if (std::ranges::find(one.readers, layer) == one.readers.end()) one.readers.push_back(layer);
    std::ranges::sort(one.readers);
  }

  void make_tensor(ValueId value, int producer) {
    roots_[value] = static_cast<int>(workload_.tensors.size());
    graph::Shape shape = graph_.value(value).type.shape;
    if (!shape.empty() && shape[0] == graph::kBatch) shape[0] = 1;
    workload_.tensors.push_back({graph_.value(value).name, producer, {}, graph::element_count(shape)});
  }

  StoredTensor& tensor(int index) { return workload_.tensors[static_cast<size_t>(index)]; }

  const Graph& graph_;
  Workload workload_;
  std::map<ValueId, int> roots_;
};

// Bits of stored values from those of their readers. Shortcuts need `shortcut_bits`, or take what is there.
void settle_tensor_bits(Workload& workload, int shortcut_bits) {
  const int otherwise = inner_bits(workload);
  for (StoredTensor& tensor : workload.tensors) {
    int bits = 0;
    for (const int reader : tensor.readers)
      if (workload.layers[static_cast<size_t>(reader)].input ==
          static_cast<int>(&tensor - workload.tensors.data()))
        bits = std::max(bits, workload.layers[static_cast<size_t>(reader)].activation_bits);
    if (tensor.adds_reals) bits = std::max(bits, shortcut_bits);
    tensor.bits = bits > 0 ? bits : otherwise;
  }
}

}  // namespace

Layer::Rows Layer::input_rows(int64_t first, int64_t last) const {
  const int64_t begin = first * row_stride - top_pad;
  const int64_t end = (last - 1) * row_stride - top_pad + (kernel_rows - 1) * row_dilation + 1;
  return {std::clamp(begin, int64_t{0}, in_rows), std::clamp(end, int64_t{0}, in_rows)};
}

int Layer::exact_accumulator_bits() const {
  return weight_bits + activation_bits + static_cast<int>(std::bit_width(static_cast<uint64_t>(depth() - 1)));
}

int64_t Workload::macs() const {
  int64_t sum = 0;
  for (const Layer& layer : layers) sum += layer.macs();
  return sum;
}

int64_t Workload::weights() const {
  int64_t sum = 0;
  for (const Layer& layer : layers) sum += layer.weights();
  return sum;
}

Workload make_workload(const Graph& graph) { return with_shortcut_bits(Reader(graph).read(), 0); }

Workload with_bits(Workload workload, const BitChoice& choice) {
  if (choice.bits < 1 || choice.bits > 32) fail("bits must be 1 to 32, not {}", choice.bits);
  for (Layer& layer : workload.layers) layer.weight_bits = layer.activation_bits = choice.bits;
  if (!workload.layers.empty()) {
    Layer &first = workload.layers.front(), &last = workload.layers.back();
    first.weight_bits = first.activation_bits = std::max(choice.bits, choice.first_bits);
    last.weight_bits = last.activation_bits = std::max(choice.bits, choice.last_bits);
  }
  settle_tensor_bits(workload, choice.shortcut_bits);
  return workload;
}

Workload with_shortcut_bits(Workload workload, int shortcut_bits) {
  if (shortcut_bits < 0 || shortcut_bits > 32)
    fail("bits of shortcuts must be 0 to 32, not {}", shortcut_bits);
  settle_tensor_bits(workload, shortcut_bits);
  return workload;
}

int inner_bits(const Workload& workload) {
  int bits = 0;
  const auto& layers = workload.layers;
  const bool has_inner = layers.size() > 2;
  for (size_t i = has_inner ? 1 : 0; i < layers.size() - (has_inner ? 1 : 0); ++i)
    bits = std::max({bits, layers[i].weight_bits, layers[i].activation_bits});
  return bits;
}

}  // namespace pact::accelerator
