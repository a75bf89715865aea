// From an instruction set to its kernels.
#include "kernels/fixed_requantize/fixed_requantize.h"
#include "kernels/select.h"

namespace pact::kernels {

const FixedRequantizeKernels& fixed_requantize_kernels(Isa isa) {
  static constexpr Built<FixedRequantizeKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kFixedRequantize_##name},
#include "kernels/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<FixedRequantizeKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
