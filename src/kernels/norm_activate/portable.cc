#define PACT_ISA portable
#include "kernels/norm_activate/body.inc"
