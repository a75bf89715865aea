#include "engine/memory.h"

#include <algorithm>
#include <numeric>

namespace pact::engine {

Placement place(std::span<const Lifetime> lifetimes) {
  const auto rounded = [&](size_t i) {
    return (lifetimes[i].bytes + kAlignment - 1) / kAlignment * kAlignment;
  };
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order,
                           [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });

  Placement placement{.offsets = std::vector<size_t>(lifetimes.size(), 0)};
  std::vector<size_t> placed;  // by offset
  for (const size_t i : order) {
    size_t offset = 0;
    for (const size_t other : placed) {
      const bool meet =
          lifetimes[other].first <= lifetimes[i].last && lifetimes[i].first <= lifetimes[other].last;
      if (!meet) continue;
      if (offset + rounded(i) <= placement.offsets[other]) break;
      offset = std::max(offset, placement.offsets[other] + rounded(other));
    }
    placement.offsets[i] = offset;
    placement.total = std::max(placement.total, offset + rounded(i));
    const auto by_offset = [&](size_t a, size_t b) { return placement.offsets[a] < placement.offsets[b]; };
    placed.insert(std::ranges::upper_bound(placed, i, by_offset), i);
  }
  return placement;
}

}  // namespace pact::engine
