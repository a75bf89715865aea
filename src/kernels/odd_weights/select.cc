// From an instruction set to its kernels.
#include "kernels/select.h"
#include "kernels/odd_weights/odd_weights.h"

namespace pact::kernels {

const OddWeightsKernels& odd_weights_kernels(Isa isa) {
  static constexpr Built<OddWeightsKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kOddWeights_##name},
#include "kernels/odd_weights/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<OddWeightsKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
