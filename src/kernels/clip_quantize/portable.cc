#define PACT_ISA portable
#include "kernels/clip_quantize/body.inc"
