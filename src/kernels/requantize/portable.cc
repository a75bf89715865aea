// The specification: plain loops, with a division.
#include "kernels/requantize/requantize.h"

#include "kernels/requantize/sources.inc"

namespace pact::kernels {
namespace {
using WholeCodes = NothingFirst;
}
}  // namespace pact::kernels

#define PACT_ISA portable
#include "kernels/requantize/body.inc"
