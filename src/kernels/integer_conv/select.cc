// From an instruction set to its kernels.
#include "kernels/select.h"
#include "kernels/integer_conv/integer_conv.h"

namespace pact::kernels {

const IntegerConvKernels& integer_conv_kernels(Isa isa) {
  static constexpr Built<IntegerConvKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kIntegerConv_##name},
#include "kernels/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<IntegerConvKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
