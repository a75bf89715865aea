// From an instruction set to its kernels.
#include "kernels/select.h"
#include "kernels/max_pool/max_pool.h"

namespace pact::kernels {

const MaxPoolKernels& max_pool_kernels(Isa isa) {
  static constexpr Built<MaxPoolKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kMaxPool_##name},
#include "kernels/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<MaxPoolKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
