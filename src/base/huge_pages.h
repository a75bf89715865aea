// Large pages for large memory: a processor then finds its addresses sooner.
#pragma once

#include <cstddef>

namespace pact {

// The size of such a page, and the alignment that memory needs to have any.
inline constexpr size_t kHugePage = size_t{2} << 20;

// Asks the system to back the whole huge pages within `bytes` from `memory` on with such; where it cannot, or has no
// such notion, nothing happens.
void prefer_huge_pages(void* memory, size_t bytes);

}  // namespace pact
