// Node by node: pixels, activations and layers get their integer form (layer.h says which have one), what is
// float is copied, codes are turned back where a float node reads them; what nobody reads then falls away.
#include "passes/lower/lower.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "graph/layers.h"
#include "passes/lower/fixed.h"
#include "passes/lower/layer.h"
#include "passes/lower/remove_unused.h"

namespace pact::passes {
namespace {

using graph::Attributes;
using graph::DataType;
using graph::Graph;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::ValueId;

// Copies a network node by node; what has an integer form gets it. Constants are copied where a float node
// reads them, so that a layer's own bias leaves its name to the folded one.
class Lowering {
 public:
  // `spent`: the tensors of `from` where nobody needs them afterwards, or nullptr.
  Lowering(const Network& from, graph::Tensors* spent)
      : from_(from), spent_(spent), pixels_(find_pixels(from)) {
    to_.graph.set_name(from.graph.name());
  }

  Network run() {
    for (const ValueId input : from_.graph.inputs()) lower_input(input);
    for (const Node& node : from_.graph.nodes()) lower_node(node);
    for (const ValueId output : from_.graph.outputs()) to_.graph.add_output(real_value(output));
    return std::move(to_);
  }

 private:
  void lower_input(ValueId id) {
    const graph::Value& input = from_.graph.value(id);
    const bool is_pixels =
        std::ranges::any_of(pixels_, [&](const auto& entry) { return entry.second.source == id; });
    const DataType type = is_pixels ? DataType::u8 : input.type.dtype;
    (is_pixels ? codes_ : real_)[id] = to_.graph.add_input(input.name, {type, input.type.shape});
  }

  void lower_node(const Node& node) {
    const bool is_folded = real_.contains(node.output) || pixels_.contains(node.output);
    if (is_folded || weight_quant(from_, node.output)) return;
    if (activation_quant(from_, node.output)) return lower_activation(node);
    if (picks_codes(node)) return lower_selection(node);
    if (node.op == Op::add) return lower_add(node);
    if (auto integer = integer_layer(from_, pixels_, node)) return lower_layer(std::move(*integer));
    if (node.op == Op::batch_norm && is_constant_norm(from_, node)) {
      const Node* before = to_.graph.producer(real_value(node.inputs[0]));
      if (!before || !is_real_layer(*before)) return lower_norm(node);
    }
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(real_value(input));
    real_[node.output] = to_.graph.add_node(node.op, node.name, std::move(inputs), node.attributes);
  }

  // Does the grid clip whatever `node` clips?
  static bool is_covered(const Node& node, const quant::Grid& grid) {
    if (node.op == Op::relu) return grid.code_of(0.0f) == grid.min_code();
    return node.op == Op::clip && grid.code_of(static_cast<float>(node.real("low"))) == grid.min_code() &&
           grid.code_of(static_cast<float>(node.real("high"))) == grid.max_code();
  }

  // Code 0 is the least of an unsigned grid, so a relu in front changes nothing for its codes.
  ValueId before_clips(ValueId x, const quant::Grid& grid) const {
    while (from_.graph.producer(x) && is_covered(*from_.graph.producer(x), grid))
      x = from_.graph.producer(x)->inputs[0];
    return x;
  }

  // Greater numbers have no smaller codes, so that the codes of the greatest numbers are the greatest codes: pools
  // whose numbers nobody else reads work on codes, a quarter of the memory.
  // `read` is what the quantizer reads, x the same before the clips that it covers.
  const Node* pool_of_codes(ValueId read, ValueId x) const {
    const Node* pool = from_.graph.producer(x);
    if (!pool || pool->op != Op::max_pool) return nullptr;
    for (ValueId value = read;; value = from_.graph.producer(value)->inputs[0]) {
      const bool is_output = std::ranges::count(from_.graph.outputs(), value) > 0;
      if (is_output || from_.graph.consumers(value).size() != 1) return nullptr;
      if (value == x) return pool;
    }
  }

  void lower_activation(const Node& quant) {
    const quant::Grid grid = activation_grid(from_, quant);
    ValueId x = before_clips(quant.inputs[0], grid);
    const Node* pool = pool_of_codes(quant.inputs[0], x);
    if (pool) x = before_clips(pool->inputs[0], grid);
    ValueId codes = to_.graph.add_node(Op::quantize, quant.name, {real_value(x)}, attributes_of(grid));
    if (pool) codes = to_.graph.add_node(Op::max_pool, pool->name + ".codes", {codes}, pool->attributes);
    codes_[quant.output] = codes;
    grids_[quant.output] = grid;
  }

  // A slice of values on a grid, or a pad by a value whose code is 0, as in shortcuts that narrow the image and
  // widen the channels, moves the codes.
  bool picks_codes(const Node& node) const {
    const auto grid = grids_.find(node.inputs[0]);
    return grid != grids_.end() &&
           (node.op == Op::slice || (node.op == Op::pad && grid->second.twice_offset() == 0));
  }

  void lower_selection(const Node& node) {
    const ValueId codes = codes_.at(node.inputs[0]);
    codes_[node.output] = to_.graph.add_node(node.op, node.name, {codes}, node.attributes);
    grids_[node.output] = grids_.at(node.inputs[0]);
  }

  // Codes of a shortcut are turned back for this addition alone, which can then do it in passing.
  void lower_add(const Node& add) {
    std::vector<ValueId> inputs;
    const char* end = ".shortcut";
    for (const ValueId input : add.inputs) {
      const bool is_coded = grids_.contains(input);
      inputs.push_back(is_coded ? add_dequantize(add.name + end, input) : real_value(input));
      if (is_coded) end = ".other_shortcut";
    }
    real_[add.output] = to_.graph.add_node(Op::add, add.name, std::move(inputs));
  }

  void lower_layer(IntegerLayer integer) {
    const Node& layer = *integer.layer;
    const Node& real = integer.norm ? *integer.norm : layer;
    const bool is_convolution = layer.op == Op::conv2d;
    Attributes attributes = layer.attributes;
    attributes["weight_bits"] = int64_t{integer.weight.grid.bits};
    attributes["weight_grid"] = std::string(name_of(integer.weight.grid.kind));
    if (is_convolution) attributes["input_zero"] = integer.input.zero;

    const ValueId weight = add_parameter(layer.name + ".weight_codes", std::move(integer.weight.codes));
    const ValueId accumulator =
        to_.graph.add_node(is_convolution ? Op::integer_conv2d : Op::integer_linear,
                           integer.norm ? layer.name : layer.name + ".accumulator",
                           {codes_.at(integer.input.source), weight}, std::move(attributes));
    add_rescale(real, accumulator, layer.name, integer.rescale);
    drop_weight(layer);
  }

  // What the layer's codes were taken from, unless another node has a use for it.
  void drop_weight(const Node& layer) {
    const Node& quant = *weight_quant(from_, layer.inputs[1]);
    const ValueId weight = quant.inputs[0];
    const auto has_one_reader = [&](ValueId value) {
      return from_.graph.consumers(value).size() == 1 &&
             std::ranges::count(from_.graph.outputs(), value) == 0;
    };
    if (spent_ && has_one_reader(quant.output) && has_one_reader(weight))
      spent_->erase(from_.graph.value(weight).name);
  }

  // A batch norm that no layer takes in, as behind the addition of a shortcut.
  void lower_norm(const Node& norm) {
    add_rescale(norm, real_value(norm.inputs[0]), norm.name, rescale_numbers(from_, norm));
  }

  // The numbers are named after `stem`.
  void add_rescale(const Node& real, ValueId x, const std::string& stem, const RescaleNumbers& numbers) {
    const ValueId multiplier = add_parameter(stem + ".multiplier", numbers.multiplier);
    const ValueId bias = add_parameter(stem + ".bias", numbers.bias);
    real_[real.output] = to_.graph.add_node(Op::rescale, real.name, {x, multiplier, bias});
  }

  ValueId add_parameter(const std::string& name, Tensor tensor) {
    const ValueId id = to_.graph.add_parameter(name, {tensor.type, tensor.shape});
    to_.tensors[name] = std::move(tensor);
    return id;
  }

  // The lowered value that holds the real numbers of `id`: computed already, or a constant, or codes turned
  // back.
  ValueId real_value(ValueId id) {
    if (const auto found = real_.find(id); found != real_.end()) return found->second;
    return real_[id] = add_real_value(id);
  }

  ValueId add_real_value(ValueId id) {
    const graph::Value& value = from_.graph.value(id);
    if (const Node* quant = weight_quant(from_, id))
      return add_parameter(quant->name, values_of(weight_codes(from_, *quant)));
    if (grids_.contains(id)) return add_dequantize(value.name + ".values", id);
    to_.tensors[value.name] = from_.tensors.at(value.name);
    return to_.graph.add_source(value.kind, value.name, value.type);
  }

  ValueId add_dequantize(const std::string& name, ValueId coded) {
    return to_.graph.add_node(Op::dequantize, name, {codes_.at(coded)}, attributes_of(grids_.at(coded)));
  }

  static Attributes attributes_of(const quant::Grid& grid) {
    return {{"bits", int64_t{grid.bits}},
            {"grid", std::string(name_of(grid.kind))},
            {"step", static_cast<double>(grid.step)},
            {"zero", int64_t{grid.zero}}};
  }

  const Network& from_;
  graph::Tensors* spent_;
  const PixelInputs pixels_;
  Network to_;
  std::map<ValueId, ValueId> real_;   // trained value -> lowered real value
  std::map<ValueId, ValueId> codes_;  // trained quant node, what is picked of one, or image -> lowered codes
  std::map<ValueId, quant::Grid> grids_;  // of the codes but for the image's
};

Network lower(const Network& trained, graph::Tensors* spent, const LowerOptions& options) {
  graph::verify(trained);
  Network lowered = remove_unused(Lowering(trained, spent).run());
  graph::verify(lowered);
  if (options.requantization == Requantization::fixed) return to_fixed(lowered, options.stream_bits);
  return lowered;
}

}  // namespace

Network lower(const Network& trained, const LowerOptions& options) {
  return lower(trained, nullptr, options);
}
Network lower(Network&& trained, const LowerOptions& options) {
  return lower(trained, &trained.tensors, options);
}

}  // namespace pact::passes
