// The activation quantizer by itself, one pass forward and one backward that yields both gradients (PACT,
// Choi et al. 2018, equations 1 to 3):
//
//   q  = T(code * step), code = round_half_even(clip(x, 0, alpha) / step)
//   dx = [0 <= x < alpha] dq,   dalpha = sum [x >= alpha] dq
//
// For activations that do not come straight out of a normalisation; those take norm_activate.h. Sums live in
// kLanes lanes that the caller adds up in fixed order; every instruction set gives the bits of the portable
// kernel.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "kernels/norm_activate/norm_activate.h"

namespace pact::kernels {

struct ClipQuantizeKernels {
  static constexpr int kLanes = 64;
  void (*forward)(Storage, int64_t count, const void* x, float alpha, float step, void* q) noexcept;
  // lanes[kLanes] is added to.
  void (*backward)(Storage, int64_t count, const void* x, const void* dq, float alpha, void* dx,
                   float* lanes) noexcept;
};

const ClipQuantizeKernels& clip_quantize_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const ClipQuantizeKernels kClipQuantize_##isa;
#include "kernels/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
