// 64 bytes at a time.
#include "kernels/max_pool/max_pool.h"

namespace {
constexpr int kWide = 64;
}

#define PACT_ISA x86_avx512
#include "kernels/max_pool/body.inc"
