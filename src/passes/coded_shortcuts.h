// What identity shortcuts of residual blocks carry. In real numbers they lose nothing, but an integer network
// then keeps its values twice, as the codes that the block's first layer reads and as real numbers for the
// addition, which take four times the memory. On codes the addition reads what the layer reads, as int8
// engines have it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace pact::passes {

enum class Shortcuts {
  real,   // what the block before has computed
  codes,  // the values of the codes that the block's first layer reads
};

std::string_view name_of(Shortcuts shortcuts);  // "real", "codes"
Shortcuts shortcuts_of(std::string_view name);  // throws Error on an unknown name
std::vector<std::string> shortcuts_names();

// `quantized` with its identity shortcuts on codes. An addition has one where one of its operands, x, is read
// by quant nodes and the other is computed from what one of them yields: it then reads the quant node of x
// that has most bits, the first one of these. The same holds where slices and pads that nobody else reads
// stand between x and the addition; they then read the quant node. Shortcuts with layers of their own stay as
// they are, and so do those whose x no quantizer reads, as in pre-activation networks. No node is added, none
// falls away; what a node reads may change the order.
graph::Network with_coded_shortcuts(const graph::Network& quantized);

}  // namespace pact::passes
