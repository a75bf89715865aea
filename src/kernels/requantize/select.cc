// From an instruction set to its kernels.
#include "kernels/select.h"
#include "kernels/requantize/requantize.h"

namespace pact::kernels {

const RequantizeKernels& requantize_kernels(Isa isa) {
  static constexpr Built<RequantizeKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kRequantize_##name},
#include "kernels/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<RequantizeKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
