#include "engine/fusion.h"

#include <algorithm>

#include "graph/grids.h"
#include "graph/layers.h"
#include "quant/grid.h"

namespace pact::engine {
namespace {

using graph::Graph;
using graph::kNoNode;
using graph::NodeId;
using graph::Op;
using graph::ValueId;

class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph), taken_(graph.nodes().size(), false) {}

  Fusion follow(NodeId layer) {
    Fusion fusion{.layer = layer};
    const ValueId accumulators = graph_.node(layer).output;
    fusion.rescale = only_consumer(accumulators, Op::rescale);
    if (fusion.rescale == kNoNode) {
      fusion.accumulators = accumulators;
      return fusion;
    }
    ValueId real = graph_.node(fusion.rescale).output;
    fusion.add = only_consumer(real, Op::add);
    if (fusion.add != kNoNode) {
      const std::vector<ValueId>& summands = graph_.node(fusion.add).inputs;
      fusion.shortcut = summands[0] == real ? summands[1] : summands[0];
      fusion.dequantize = dequantize_of(fusion.shortcut);
      if (fusion.dequantize != kNoNode) fusion.shortcut = graph_.node(fusion.dequantize).inputs[0];
      real = graph_.node(fusion.add).output;
    }
    fusion.relu = only_consumer(real, Op::relu);
    if (fusion.relu != kNoNode)
      finish(fusion, graph_.node(fusion.relu).output);
    else if (!join_relu_and_quantize(fusion, real))
      finish(fusion, real);
    for (const NodeId node : fusion.nodes()) taken_[static_cast<size_t>(node)] = true;
    return fusion;
  }

 private:
  bool is_output(ValueId value) const { return std::ranges::count(graph_.outputs(), value) > 0; }

  // The node that alone reads `value`, if it is of this op, free, and reads it once.
  NodeId only_consumer(ValueId value, Op op) const {
    const std::vector<NodeId> consumers = graph_.consumers(value);
    if (consumers.size() != 1 || is_output(value)) return kNoNode;
    const graph::Node& node = graph_.node(consumers[0]);
    const bool fits = node.op == op && !taken_[static_cast<size_t>(consumers[0])] &&
                      std::ranges::count(node.inputs, value) == 1;
    return fits ? consumers[0] : kNoNode;
  }

  // The node that makes reals of codes for one `add` alone, on a grid that the kernels know.
  NodeId dequantize_of(ValueId shortcut) const {
    const graph::Node* node = graph_.producer(shortcut);
    if (!node || node->op != Op::dequantize || only_consumer(shortcut, Op::add) == kNoNode) return kNoNode;
    const quant::Grid grid = graph::grid_of(*node);
    if (grid.kind != quant::GridKind::unsigned_ || grid.zero != 0) return kNoNode;
    return static_cast<NodeId>(node - graph_.nodes().data());
  }

  // A relu and a quantize that both read `real`, and nobody else, as behind a residual sum whose clip
  // contains the relu. On a grid that begins with 0 the codes of max(z, 0) are those of z, so the two follow
  // one another.
  bool join_relu_and_quantize(Fusion& fusion, ValueId real) const {
    const std::vector<NodeId> consumers = graph_.consumers(real);
    if (consumers.size() != 2 || is_output(real)) return false;
    const bool relu_first = graph_.node(consumers[0]).op == Op::relu;
    const NodeId relu = consumers[relu_first ? 0 : 1], quantize = consumers[relu_first ? 1 : 0];
    if (graph_.node(relu).op != Op::relu || graph_.node(quantize).op != Op::quantize) return false;
    const quant::Grid grid = graph::grid_of(graph_.node(quantize));
    if (grid.kind != quant::GridKind::unsigned_ || grid.zero != 0) return false;
    fusion.relu = relu;
    fusion.quantize = quantize;
    fusion.codes = graph_.node(quantize).output;
    fusion.real = graph_.node(relu).output;
    return true;
  }

  // The first quantize that reads `real`; others become steps of their own.
  void finish(Fusion& fusion, ValueId real) const {
    const std::vector<NodeId> consumers = graph_.consumers(real);
    for (const NodeId id : consumers) {
      // A step of its own where there is a zero point, which kernels do not know.
      if (graph_.node(id).op != Op::quantize || graph_.node(id).integer("zero") != 0) continue;
      fusion.quantize = id;
      fusion.codes = graph_.node(id).output;
      break;
    }
    const bool read_by_others = consumers.size() > (fusion.quantize == kNoNode ? 0u : 1u);
    if (fusion.quantize == kNoNode || read_by_others || is_output(real)) fusion.real = real;
  }

  const Graph& graph_;
  std::vector<bool> taken_;
};

}  // namespace

NodeId Fusion::place() const { return add != kNoNode ? add : rescale != kNoNode ? rescale : layer; }

std::vector<NodeId> Fusion::nodes() const {
  std::vector<NodeId> all;
  for (const NodeId id : {layer, rescale, add, dequantize, relu, quantize})
    if (id != kNoNode) all.push_back(id);
  return all;
}

std::vector<Fusion> find_fusions(const Graph& graph) {
  std::vector<Fusion> fusions;
  Finder finder(graph);
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    if (is_integer_layer(graph.nodes()[i])) fusions.push_back(finder.follow(static_cast<NodeId>(i)));
  }
  return fusions;
}

}  // namespace pact::engine
