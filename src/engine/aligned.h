// Memory that begins at a cache line, so that vector loads of packed weights never straddle two; large blocks in
// huge pages, since weights and activations are read from end to end in every run.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "base/huge_pages.h"
#include "engine/memory.h"

namespace pact::engine {

inline std::align_val_t alignment_of(size_t bytes) {
  return std::align_val_t{bytes >= kHugePage ? kHugePage : kAlignment};
}

inline void* allocate_aligned(size_t bytes) {
  void* memory = ::operator new(bytes, alignment_of(bytes));
  prefer_huge_pages(memory, bytes);
  return memory;
}

inline void free_aligned(void* memory, size_t bytes) { ::operator delete(memory, alignment_of(bytes)); }

template <typename T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <typename U>
  AlignedAllocator(const AlignedAllocator<U>&) {}
  T* allocate(size_t count) {
    return static_cast<T*>(allocate_aligned(count * sizeof(T)));
  }
  void deallocate(T* memory, size_t count) { free_aligned(memory, count * sizeof(T)); }
  bool operator==(const AlignedAllocator&) const = default;
};

template <typename T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace pact::engine
