#define PACT_ISA x86_avx512
#include "kernels/norm_activate/body.inc"
