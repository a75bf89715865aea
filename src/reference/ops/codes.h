// Codes as plain integers, whichever of u8 and i8 holds them.
#pragma once

#include <span>
#include <vector>

#include "graph/graph.h"

namespace pact::reference {

std::vector<int> read_codes(const graph::Tensor& tensor);                               // of u8 or i8
graph::Tensor write_codes(const graph::TensorType& type, std::span<const int> codes);  // into u8 or i8

}  // namespace pact::reference
