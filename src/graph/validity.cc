#include "graph/validity.h"

#include <algorithm>

#include "base/error.h"

namespace pact::graph {
namespace {

// Not <cctype>, whose answers depend on the locale.
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_identifier(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && is_letter(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '.'; });
}

bool is_graph_name(std::string_view name) {
  return name.size() <= kMaxNameLength && std::ranges::all_of(name, [](char c) {
           return is_letter(c) || is_digit(c) || c == '.' || c == '-';
         });
}

void require_valid(const TensorType& type, ValueKind kind) {
  const Shape& shape = type.shape;
  if (shape.size() > kMaxRank) fail("a shape of rank {} is beyond the limit of {}", shape.size(), kMaxRank);
  const bool may_be_open = kind == ValueKind::input || kind == ValueKind::activation;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i == 0 && shape[i] == kBatch) {
      if (!may_be_open)
        fail("type {} has an open batch, which a {} cannot have", to_string(type), name_of(kind));
    } else if (shape[i] < 1 || shape[i] > kMaxExtent) {
      fail("type {} has an extent outside 1 to 2^31", to_string(type));
    }
  }
  if (element_count(shape) > kMaxElements) fail("type {} has more than 2^48 elements", to_string(type));
}

std::string_view name_of(ValueKind kind) {
  switch (kind) {
    case ValueKind::input:
      return "input";
    case ValueKind::parameter:
      return "param";
    case ValueKind::buffer:
      return "buffer";
    case ValueKind::activation:
      return "activation";
  }
  PACT_CHECK(false);
}

}  // namespace pact::graph
