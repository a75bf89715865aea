// The weighted layers of a graph with their bits, sizes and work: the table that people look at first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace pact::passes {

struct LayerRow {
  std::string name, op, output;                // output: shape of one image
  int weight_bits = 32, activation_bits = 32;  // 32: float; pixels count as 8
  std::string weight_scheme = "float", activation_scheme = "float";
  int64_t parameters = 0;  // weights and bias
  int64_t macs = 0;        // per image
  int64_t bytes = 0;       // weights packed at their bits, bias as float32
};

struct LayerTable {
  std::vector<LayerRow> rows;
  // Of the whole network, batch norm and alphas included. `bytes` counts weights packed at their bits and all
  // else as float32; `float_bytes` everything as float32.
  int64_t parameters = 0, macs = 0, bytes = 0, float_bytes = 0;
};

LayerTable make_layer_table(const graph::Graph& graph);

}  // namespace pact::passes
