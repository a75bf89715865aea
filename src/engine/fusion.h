// Which nodes are computed together: an integer layer with its rescale, the shortcut, the relu and the
// quantize behind it, so that accumulators and, where nobody else reads them, real numbers never reach
// memory; and the dequantize of a shortcut that is kept as codes.
#pragma once

#include <optional>
#include <vector>

#include "engine/step.h"
#include "graph/graph.h"

namespace pact::engine {

// integer_conv2d or integer_linear, and what follows it. Nodes that are not there are kNoNode, and so on.
struct Fusion {
  graph::NodeId layer = graph::kNoNode;
  graph::NodeId rescale = graph::kNoNode;
  graph::NodeId add = graph::kNoNode;
  graph::NodeId dequantize = graph::kNoNode;  // of the shortcut
  graph::NodeId relu = graph::kNoNode;
  graph::NodeId quantize = graph::kNoNode;
  // The other summand of `add`; what `dequantize` reads, if it is there.
  graph::ValueId shortcut = kNoValue;
  graph::ValueId accumulators = kNoValue;  // written when there is no rescale
  graph::ValueId real = kNoValue;          // written when somebody but `quantize` reads it
  graph::ValueId codes = kNoValue;         // what `quantize` yields

  // The node at whose place in the order all inputs are there.
  graph::NodeId place() const;
  std::vector<graph::NodeId> nodes() const;
};

// One per integer layer, in node order; no node is in two of them.
std::vector<Fusion> find_fusions(const graph::Graph& graph);

// An integer layer with what may be computed along with it, piece by piece: the layer that makes its shortcut, as real
// numbers for it alone, where the sum keeps real numbers, too; or the max_pool that alone reads what it yields, with
// the quantize behind that.
struct LayerGroup {
  Fusion layer;
  std::optional<Fusion> shortcut_layer;
  graph::NodeId pool = graph::kNoNode;
  graph::NodeId pool_quantize = graph::kNoNode;

  std::vector<graph::NodeId> nodes() const;
};

// Whether the op moves elements and never changes them: flatten, slice, pad.
bool only_moves(graph::Op op);

// What becomes one step, or several that follow one another: layers, moves one behind the other, or any other node.
struct Unit {
  std::vector<graph::NodeId> nodes;
  std::vector<graph::ValueId> values;  // what it reads and writes in memory, parameters apart
  std::optional<LayerGroup> layers;
};

// Every node is in one of them, and they are in an order in which they can be computed.
std::vector<Unit> units_of(const graph::Graph& graph);

}  // namespace pact::engine
