// All kernels for CUDA, one table. Compiled by nvcc; by a C++ compiler with PACT_EMULATE, for tests.
#include <cmath>
#include <cstdint>

#include "kernels/cuda/cuda_kernels.h"
#include "quant/tanh.h"

namespace pact::kernels {
namespace {

#include "kernels/storage.inc"

#include "kernels/cuda/launch.inc"
#include "kernels/cuda/sums.inc"

#include "kernels/cuda/clip_quantize.inc"
#include "kernels/cuda/norm_activate.inc"
#include "kernels/cuda/weight_values.inc"

}  // namespace

#ifdef PACT_EMULATE
#define PACT_TABLE kCuda_emulated
#else
#define PACT_TABLE kCuda
#endif
extern const CudaKernels PACT_TABLE = {clip::forward,        clip::backward, norm::moments,
                                       norm::affine,         norm::forward,  norm::backward_sums,
                                       norm::backward_apply, weights::values};

}  // namespace pact::kernels
