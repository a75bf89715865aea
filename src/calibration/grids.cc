#include "calibration/grids.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace pact::calibration {
namespace {

using graph::Graph;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::ValueId;

// Copies a network node by node; layers get what was decided for them.
class Builder {
 public:
  Builder(const Network& network, const std::vector<LayerGrids>& layers,
          const std::vector<ActivationGrid>& activations)
      : network_(network), from_(network.graph), layers_(layers), activations_(activations) {
    to_.graph.set_name(from_.name());
  }

  Network build() {
    for (const ValueId input : from_.inputs()) source(input);
    for (const Node& node : from_.nodes()) {
      const auto layer = std::ranges::find(layers_, &node, &LayerGrids::node);
      std::vector<ValueId> inputs = layer == layers_.end() ? plain_inputs(node) : layer_inputs(*layer);
      copied_[node.output] = to_.graph.add_node(node.op, node.name, std::move(inputs), node.attributes);
    }
    for (const ValueId output : from_.outputs()) to_.graph.add_output(copied_.at(output));
    return std::move(to_);
  }

 private:
  std::vector<ValueId> plain_inputs(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(source(input));
    return inputs;
  }

  std::vector<ValueId> layer_inputs(const LayerGrids& layer) {
    const std::vector<ValueId>& own = layer.node->inputs;
    std::vector<ValueId> inputs{layer.reading ? quantized(*layer.reading) : source(own[0]),
                                layer.codes ? coded_weight(layer) : source(own[1])};
    if (layer.bias)
      inputs.push_back(add_parameter(layer.node->name + ".corrected_bias", *layer.bias));
    else if (own.size() > 2)
      inputs.push_back(source(own[2]));
    return inputs;
  }

  // A value of the network in the copy; inputs and constants are copied where something reads them.
  ValueId source(ValueId id) {
    if (const auto found = copied_.find(id); found != copied_.end()) return found->second;
    const graph::Value& value = from_.value(id);
    if (value.kind != graph::ValueKind::input) to_.tensors[value.name] = network_.tensors.at(value.name);
    return copied_[id] = to_.graph.add_source(value.kind, value.name, value.type);
  }

  ValueId add_parameter(const std::string& name, const Tensor& tensor) {
    to_.tensors[name] = tensor;
    return to_.graph.add_parameter(name, {tensor.type, tensor.shape});
  }

  ValueId quantized(const Reading& reading) {
    if (const auto found = quantized_.find(reading); found != quantized_.end()) return found->second;
    const auto grid = std::ranges::find(activations_, reading, &ActivationGrid::reading);
    PACT_CHECK(grid != activations_.end());
    const ValueId alpha = add_parameter(grid->name + ".alpha", Tensor::of({}, {&grid->level, 1}));
    const auto kind = grid->has_sign ? quant::GridKind::symmetric : quant::GridKind::unsigned_;
    return quantized_[reading] = to_.graph.add_node(Op::quant, grid->name, {source(reading.value), alpha},
                                                    {{"scheme", std::string("pact")},
                                                     {"bits", int64_t{reading.bits}},
                                                     {"grid", std::string(quant::name_of(kind))}});
  }

  ValueId coded_weight(const LayerGrids& layer) {
    const std::string name = layer.node->name + ".weight";
    const passes::WeightCodes& weight = *layer.codes;
    std::vector<ValueId> inputs{add_parameter(name + ".codes", weight.codes)};
    if (!weight.steps.empty())
      inputs.push_back(add_parameter(name + ".steps",
                                     Tensor::of({static_cast<int64_t>(weight.steps.size())}, weight.steps)));
    return to_.graph.add_node(Op::dequantize, name + ".values", std::move(inputs),
                              {{"bits", int64_t{weight.grid.bits}},
                               {"grid", std::string(quant::name_of(weight.grid.kind))},
                               {"step", static_cast<double>(weight.grid.step)},
                               {"zero", int64_t{weight.grid.zero}}});
  }

  const Network& network_;
  const Graph& from_;
  const std::vector<LayerGrids>& layers_;
  const std::vector<ActivationGrid>& activations_;
  Network to_;
  std::map<ValueId, ValueId> copied_;
  std::map<Reading, ValueId> quantized_;
};

}  // namespace

Network with_grids(const Network& network, const std::vector<LayerGrids>& layers,
                   const std::vector<ActivationGrid>& activations) {
  Network built = Builder(network, layers, activations).build();
  graph::verify(built);
  return built;
}

}  // namespace pact::calibration
