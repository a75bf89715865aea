// Nothing but the loops of body.inc: g++ turns them into 512-bit operations.
#include "kernels/requantize/requantize.h"
#include "kernels/x86_intrinsics.h"

#include "kernels/requantize/sources.inc"

namespace pact::kernels {
namespace {
constexpr NothingFirst whole_codes;  // narrowing 32 to 8 bits is one instruction here
}
}  // namespace pact::kernels

#define PACT_ISA PACT_TABLE(x86_avx512)
#include "kernels/requantize/body.inc"
