// Arrays that begin at a cache line, so that vector loads of packed weights never straddle two.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "engine/memory.h"

namespace pact::engine {

template <typename T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <typename U>
  AlignedAllocator(const AlignedAllocator<U>&) {}
  T* allocate(size_t count) {
    return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{kAlignment}));
  }
  void deallocate(T* memory, size_t) { ::operator delete (memory, std::align_val_t{kAlignment}); }
  bool operator==(const AlignedAllocator&) const = default;
};

template <typename T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace pact::engine
