#define PACT_ISA x86_avx2
#include "kernels/fixed_requantize/body.inc"
