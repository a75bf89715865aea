// The intrinsics of x86. Where PACT_EMULATE is set, those that the compiler was not given are plain C from SIMDe:
// so tests run kernels of instruction sets that the machine lacks (cmake/emulated_kernels.cmake).
#pragma once

#if defined(PACT_EMULATE)
#define PACT_TABLE(name) name##_emulated
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx2.h>
// One by one, since all of them take a compiler half a minute: a kernel that needs more adds them here.
#include <simde/x86/avx512/setzero.h>  // which some of them need and do not include
#include <simde/x86/avx512/add.h>
#include <simde/x86/avx512/and.h>
#include <simde/x86/avx512/broadcast.h>
#include <simde/x86/avx512/cast.h>
#include <simde/x86/avx512/dpbusd.h>
#include <simde/x86/avx512/dpwssd.h>
#include <simde/x86/avx512/extract.h>
#include <simde/x86/avx512/insert.h>
#include <simde/x86/avx512/loadu.h>
#include <simde/x86/avx512/madd.h>
#include <simde/x86/avx512/max.h>
#include <simde/x86/avx512/min.h>
#include <simde/x86/avx512/mul.h>
#include <simde/x86/avx512/packs.h>
#include <simde/x86/avx512/packus.h>
#include <simde/x86/avx512/permutexvar.h>
#include <simde/x86/avx512/set1.h>
#include <simde/x86/avx512/setr.h>
#include <simde/x86/avx512/shuffle.h>
#include <simde/x86/avx512/storeu.h>
#include <simde/x86/avx512/unpackhi.h>
#include <simde/x86/avx512/unpacklo.h>
#undef _mm512_madd_epi16  // SIMDe 0.7.4 gives it four parameters
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)
#include "kernels/x86_lanes.inc"
#else
#define PACT_TABLE(name) name
#include <immintrin.h>
// g++ 12 takes the operands that its own intrinsics leave undefined for mistakes (PR 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
