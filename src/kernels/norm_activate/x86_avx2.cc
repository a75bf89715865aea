#define PACT_ISA x86_avx2
#include "kernels/norm_activate/body.inc"
