// 32 bytes at a time.
#include "kernels/max_pool/max_pool.h"

namespace {
constexpr int kWide = 32;
}

#define PACT_ISA x86_avx2
#include "kernels/max_pool/body.inc"
