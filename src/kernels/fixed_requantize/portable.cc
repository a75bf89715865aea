#define PACT_ISA portable
#include "kernels/fixed_requantize/body.inc"
