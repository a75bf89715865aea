#define PACT_ISA x86_avx512
#include "kernels/fixed_requantize/body.inc"
