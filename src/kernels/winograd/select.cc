// From an instruction set to its kernels.
#include "kernels/select.h"
#include "kernels/winograd/winograd.h"

namespace pact::kernels {

const WinogradKernels& winograd_kernels(Isa isa) {
  static constexpr Built<WinogradKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kWinograd_##name},
#include "kernels/winograd/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<WinogradKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
