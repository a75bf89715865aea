// The kernels of a family that tests try: those of every instruction set that this machine runs, and those that it can
// only emulate.
#pragma once

#include <string>
#include <vector>

#include "base/cpu.h"

// The given ones, where they are built (cmake/emulated_kernels.cmake); else none.
#if defined(PACT_HAS_EMULATED_KERNELS)
#define PACT_EMULATED(...) \
  { __VA_ARGS__ }
#else
#define PACT_EMULATED(...) \
  {}
#endif

namespace pact::kernels {

template <typename Kernels>
struct Named {
  std::string name;
  const Kernels* kernels;
};

template <typename Kernels>
std::vector<Named<Kernels>> named_kernels(const Kernels& (*of_isa)(Isa),
                                          const std::vector<Named<Kernels>>& emulated) {
  std::vector<Named<Kernels>> all;
  for (const Isa isa : available_isas()) all.push_back({std::string(name_of(isa)), &of_isa(isa)});
  all.insert(all.end(), emulated.begin(), emulated.end());
  return all;
}

}  // namespace pact::kernels
