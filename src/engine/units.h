// What the nodes of a graph become: units of one or a few steps, in an order in which they can be computed.
#pragma once

#include <optional>
#include <vector>

#include "engine/fusion.h"

namespace pact::engine {

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
  // What it reads and writes, parameters apart: as if nothing in it were computed piece by piece, which is decided later.
  std::vector<graph::ValueId> values;
  std::optional<LayerGroup> layers;
};

// Every node is in one of them, and they are in an order in which they can be computed.
std::vector<Unit> units_of(const graph::Graph& graph);

}  // namespace pact::engine
