// What names and types a graph admits: the bounds that make its text form total and its arithmetic safe.
#pragma once

#include <string_view>

#include "graph/graph.h"

namespace pact::graph {

inline constexpr size_t kMaxRank = 8;
inline constexpr int64_t kMaxExtent = int64_t{1} << 31;
inline constexpr int64_t kMaxElements = int64_t{1} << 48;  // per image; 8 bytes each still fit into 64 bits
inline constexpr size_t kMaxNameLength = 255;

bool is_identifier(std::string_view name);  // [A-Za-z_][A-Za-z0-9_.]*
bool is_graph_name(std::string_view name);  // [A-Za-z0-9_.-]*

// Throws Error. Only inputs and activations may have an open batch.
void require_valid(const TensorType& type, ValueKind kind);

std::string_view name_of(
    ValueKind kind);  // "input", "param", "buffer", "activation": as the text form writes it

}  // namespace pact::graph
