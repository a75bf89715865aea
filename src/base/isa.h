// The instruction sets that kernels exist for. Without includes, since files compiled for one of them read it.
#pragma once

namespace pact {

// From the slowest to the fastest. Which of them contains which: included_in, base/cpu.h.
enum class Isa {
  portable,
  x86_avx2,        // with fma
  x86_avxvnni,     // and products of bytes on 256 bits
  x86_avx512,      // f, bw, dq, vl
  x86_avx512vnni,  // and products of bytes on 512 bits
};

}  // namespace pact
