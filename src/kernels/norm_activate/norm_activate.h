// Batch normalisation, shortcut, ReLU and activation quantizer of one layer in two passes over memory forward
// and two backward, instead of one per operation: training a small network is bound by exactly this traffic.
//
//   z = y * scale[c] + shift[c] (+ shortcut)
//
//   r = T(max(z, floor))
//
//   q = T(code(r) * step), code(r) = round_half_even(clip(r, 0, alpha) / step)
//
// T rounds to the storage type; floor is 0 for a ReLU and -inf for none.
//
// All tensors are channels-last: `count` elements in which the channel runs fastest. The per-channel arrays
// are given repeated to `width` elements, a multiple of the number of channels (channels * repeats), and
// `count` is a multiple of `width`; so the inner loop is long whatever the number of channels, and sums live
// in `width` lanes that are added up by the caller in fixed order. The lanes do not depend on the instruction
// set, hence neither do the results: every kernel gives the same bits as the portable one.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "base/isa.h"

namespace pact::kernels {

enum class Storage { f32, bf16 };

struct NormActivateForward {
  int64_t count, width;
  const void* y;
  const void* shortcut;  // or null
  const float* scale;    // width
  const float* shift;    // width
  float floor;
  float alpha, step;  // used when q is given
  void* r;            // or null
  void* q;            // or null
};

// The gradient of z: dz = [r > floor] * (dr + [r < alpha] dq); where a shortcut was added, r is read back,
// otherwise it is computed again from y. `residue` is what an element below alpha adds to the gradient of alpha, for
// each unit of code(r) - r / step: 0 for PACT, 1 / (2^k - 1) for PACT+ and LSQ.
struct NormActivateBackward {
  int64_t count, width;
  const void* y;
  const void* r;   // null: recompute from y
  const void* dr;  // or null
  const void* dq;  // or null
  const float* scale;
  const float* shift;
  float floor, alpha, step, residue;
};

struct NormActivateKernels {
  // sum[l] += y - center[l], sum_squares[l] += (y - center[l])^2
  void (*moments)(Storage, int64_t count, int64_t width, const void* y, const float* center, float* sum,
                  float* sum_squares) noexcept;
  void (*forward)(Storage, const NormActivateForward&) noexcept;
  // sum_dz[l] += dz, sum_dzy[l] += dz * (y - center[l]), sum_alpha[l] += [r >= alpha] dq
  // + [r < alpha] (code(r) - r / step) residue dq; dz is stored where asked.
  void (*backward_sums)(Storage, const NormActivateBackward&, const float* center, float* sum_dz,
                        float* sum_dzy, float* sum_alpha, void* dz) noexcept;
  // dy = dz * dz_factor[l] + y * y_factor[l] + offset[l]; dz is read when given, otherwise computed again.
  void (*backward_apply)(Storage, const NormActivateBackward&, const void* dz, const float* dz_factor,
                         const float* y_factor, const float* offset, void* dy) noexcept;
};

// The kernels of one instruction set; it must be available (base/cpu.h).
const NormActivateKernels& norm_activate_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const NormActivateKernels kNormActivate_##isa;
#include "kernels/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
