// The intrinsics of x86. Where PACT_EMULATE is set, those that the compiler was not given are plain C from SIMDe:
// so tests run kernels of instruction sets that the machine lacks (cmake/emulated_kernels.cmake).
#pragma once

#if defined(PACT_EMULATE)
#define PACT_TABLE(name) name##_emulated
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx2.h>
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>
#else
#define PACT_TABLE(name) name
#include <immintrin.h>
#endif
