#include "kernels/requantize/requantize.h"
#include "kernels/x86_intrinsics.h"

#include "kernels/requantize/sources.inc"

namespace pact::kernels {
namespace {
constexpr NothingFirst whole_codes;  // a conversion from 32 to 8 bits is one instruction that g++ finds
}
}  // namespace pact::kernels

#define PACT_ISA PACT_TABLE(x86_avx512)
#include "kernels/requantize/body.inc"
