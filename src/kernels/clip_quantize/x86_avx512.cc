#define PACT_ISA x86_avx512
#include "kernels/clip_quantize/body.inc"
