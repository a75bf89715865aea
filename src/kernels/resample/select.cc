// From an instruction set to its kernels.
#include "kernels/select.h"
#include "kernels/resample/resample.h"

namespace pact::kernels {

const ResampleKernels& resample_kernels(Isa isa) {
  static constexpr Built<ResampleKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kResample_##name},
#include "kernels/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<ResampleKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
