// From an instruction set to the kernels of a family. A family need not have every instruction set: one without
// its own version gets that of the nearest set which it includes.
#pragma once

#include <span>

#include "base/cpu.h"
#include "base/error.h"

namespace pact::kernels {

template <typename Kernels>
struct Built {
  Isa isa;
  const Kernels* kernels;
};

template <typename Kernels>
const Kernels& nearest(std::span<const Built<Kernels>> built, Isa isa) {
  for (;; isa = included_in(isa)) {
    for (const Built<Kernels>& one : built)
      if (one.isa == isa) return *one.kernels;
    PACT_CHECK(isa != Isa::portable);
  }
}

}  // namespace pact::kernels
