// A quantizer by itself, one pass forward and one backward that yields both gradients: of what it quantizes,
// and of the number that it learns (PACT, Choi et al. 2018, equations 1 to 3; LSQ, Esser et al. 2020,
// equations 1 to 3):
//
//   q  = T(code * step[l]), code = round_half_even(clip(x, least[l], largest[l]) / step[l])
//   dx = [least <= x < largest] dq
//   sum[l] += dq * below                         x < least
//             dq * above                         x >= largest
//             dq * residue * (code - x / step)   between; nothing where residue is 0
//
// For weights, and for activations that do not come straight out of a normalisation with a ReLU behind it;
// those take norm_activate.h. `count` elements, a multiple of `width`; the clip stands in `width` lanes, so
// that it may differ between channels where the channel runs fastest. Sums live in the same lanes; the caller
// adds them up in fixed order. Every instruction set gives the bits of the portable kernel.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "kernels/norm_activate/norm_activate.h"

namespace pact::kernels {

struct ClipLanes {
  int64_t count, width;
  const float* least;    // width
  const float* largest;  // width
  const float* step;     // width
};

struct ClipShares {
  float below, above, residue;
};

struct ClipQuantizeKernels {
  void (*forward)(Storage, const ClipLanes&, const void* x, void* q) noexcept;
  // sum[width] is added to.
  void (*backward)(Storage, const ClipLanes&, const ClipShares&, const void* x, const void* dq, void* dx,
                   float* sum) noexcept;
};

const ClipQuantizeKernels& clip_quantize_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const ClipQuantizeKernels kClipQuantize_##isa;
#include "kernels/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
