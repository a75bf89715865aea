// From an instruction set to its kernels.
#include "kernels/norm_activate/norm_activate.h"
#include "kernels/select.h"

namespace pact::kernels {

const NormActivateKernels& norm_activate_kernels(Isa isa) {
  static constexpr Built<NormActivateKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kNormActivate_##name},
#include "kernels/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<NormActivateKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
