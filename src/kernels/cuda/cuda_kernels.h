// The kernels of training for a CUDA GPU: what clip_quantize.h and norm_activate.h do on a CPU, and the
// values of quantized weights. All pointers lie on the GPU; a call only puts work into a stream. Elements are
// computed by the very functions that the CPU's kernels use (element.inc, quant/grid.h), compiled without
// contraction, so given the same numbers they are the same bits; sums are formed in another order, which
// depends on the extents alone.
//
// The kernels need no shared memory and no barriers. So the same sources compile as plain C++, each thread a
// turn of a loop, and tests run them on machines without a GPU (launch.inc).
#pragma once

#include <cstdint>

#include "kernels/clip_quantize/clip_quantize.h"
#include "kernels/norm_activate/norm_activate.h"
#include "quant/grid.h"

namespace pact::kernels {

using CudaStream = void*;  // a cudaStream_t

// How a tensor [pixels, channels] is walked: thread (lane, chunk) takes the elements lane, lane + width, ...
// of its chunk of rows, all of one channel. Constants, so that sums do not depend on the GPU.
struct CudaRows {
  static constexpr int64_t kLanes = 256, kLeastRows = 8, kMostChunks = 512;
  static constexpr int64_t kGroups = 16;  // of chunks, when sums are added up

  CudaRows(int64_t elements_, int64_t channels_) : elements(elements_), channels(channels_) {
    width = channels * (kLanes > channels ? kLanes / channels : 1);
    const int64_t rows = (elements + width - 1) / width, fair = (rows + kMostChunks - 1) / kMostChunks;
    chunk_rows = fair > kLeastRows ? fair : kLeastRows;
    chunks = (rows + chunk_rows - 1) / chunk_rows;
  }

  int64_t elements, channels, width, chunk_rows, chunks;
};

// Room for sums over a tensor, of `kinds` kinds: what threads found, then groups of chunks, then channels.
struct CudaSums {
  float* threads;    // [chunks, kinds, width]
  double* groups;    // [kGroups, kinds, width]
  double* channels;  // [kinds, channels]: the result
};

struct CudaClip {
  const float *least, *largest, *step;  // one number, or one for each channel: rows.channels
};

// Like NormActivateForward and NormActivateBackward, with what belongs to channels as `affine` leaves it.
struct CudaNormActivate {
  const void* y;
  const void* shortcut;  // forward, or null
  const void* r;         // backward where there was a shortcut, or null
  const void* dr;        // or null
  const void* dq;        // or null
  const double* affine;  // [4, channels]: mean, 1 / deviation, scale, shift
  float floor, alpha, step, residue;
};

struct CudaAffine {
  int64_t channels;
  const double* sums;  // [2, channels] of y and y^2, then the number of pixels; null: running statistics
  const float *gamma, *beta;
  float *running_mean, *running_var;  // updated where sums are given
  double momentum, epsilon;
};

struct CudaWeights {
  int64_t count, channels;    // equal parts, one behind the other, of one grid each
  quant::Grid form;           // kind and bits
  bool is_tanh;               // u = tanh(w) * scale, else w * scale
  const float *step, *scale;  // [channels]
};

// What became of a call: the kernel that could not be launched and what CUDA says of it, or nulls.
struct [[nodiscard]] CudaLaunch {
  const char* kernel = nullptr;
  const char* problem = nullptr;
};

struct CudaKernels {
  // q of x; the clip stands on the GPU, too.
  CudaLaunch (*clip_forward)(CudaStream, Storage, const CudaRows&, const CudaClip&, const void* x,
                             void* q) noexcept;
  // dx, and sums of one kind: the gradient of the learned number of each channel.
  CudaLaunch (*clip_backward)(CudaStream, Storage, const CudaRows&, const CudaClip&, const ClipShares&,
                              const void* x, const void* dq, void* dx, const CudaSums&) noexcept;

  // Sums of two kinds, y and y^2, and behind them the number of pixels: channels[2 * channels + 1].
  CudaLaunch (*moments)(CudaStream, Storage, const CudaRows&, const void* y, const CudaSums&) noexcept;
  // Writes affine [4, channels].
  CudaLaunch (*affine)(CudaStream, const CudaAffine&, double* affine) noexcept;
  // r, q: or null.
  CudaLaunch (*forward)(CudaStream, Storage, const CudaRows&, const CudaNormActivate&, void* r,
                        void* q) noexcept;
  // Sums of three kinds: the gradients of beta, of gamma, and of alpha where elements beyond it count as 1.
  // dz is stored where asked.
  CudaLaunch (*backward_sums)(CudaStream, Storage, const CudaRows&, const CudaNormActivate&, void* dz,
                              const CudaSums&) noexcept;
  // dy; `whole` [2, channels] are the gradients of beta and gamma over all `pixels` (one number), null where
  // the statistics were constants. dz is read where given, otherwise computed again.
  CudaLaunch (*backward_apply)(CudaStream, Storage, const CudaRows&, const CudaNormActivate&, const void* dz,
                               const double* whole, const double* pixels, void* dy) noexcept;

  // The value on its grid of every weight.
  CudaLaunch (*weight_values)(CudaStream, const CudaWeights&, const float* weights, float* values) noexcept;
};

extern const CudaKernels kCuda;           // from nvcc
extern const CudaKernels kCuda_emulated;  // for tests: on the CPU, on the CPU's memory

}  // namespace pact::kernels
