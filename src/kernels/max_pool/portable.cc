// 16 bytes at a time, which compilers split for machines that have less.
#include "kernels/max_pool/max_pool.h"

namespace {
constexpr int kWide = 16;
}

#define PACT_ISA portable
#include "kernels/max_pool/body.inc"
