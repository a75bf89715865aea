#define PACT_ISA x86_avx2
#include "kernels/clip_quantize/body.inc"
