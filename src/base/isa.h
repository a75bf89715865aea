// The instruction sets that kernels exist for. Without includes, since files compiled for one of them read it.
#pragma once

namespace pact {

// Ordered: each includes the ones before it.
enum class Isa { portable, x86_avx2, x86_avx512 };

}  // namespace pact
