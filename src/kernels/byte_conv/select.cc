// From an instruction set to its kernels.
#include "kernels/select.h"
#include "kernels/byte_conv/byte_conv.h"

namespace pact::kernels {

const ByteConvKernels& byte_conv_kernels(Isa isa) {
  static constexpr Built<ByteConvKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kByteConv_##name},
#include "kernels/byte_conv/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<ByteConvKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
