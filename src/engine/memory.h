// Where the values of a plan lie: values that are never alive together may share bytes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pact::engine {

// A value's size and the first and last step at which it is alive.
struct Lifetime {
  size_t bytes = 0;
  int first = 0, last = 0;
};

struct Placement {
  std::vector<size_t> offsets;  // one per lifetime, multiples of kAlignment
  size_t total = 0;
};

inline constexpr size_t kAlignment = 64;

// Largest first, each at the lowest offset that is free for its whole life (Pisarchyk and Lee 2020, "greedy
// by size").
Placement place(std::span<const Lifetime> lifetimes);

}  // namespace pact::engine
