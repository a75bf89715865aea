// From an instruction set to its kernels.
#include "kernels/select.h"
#include "kernels/split_conv/split_conv.h"

namespace pact::kernels {

const SplitConvKernels& split_conv_kernels(Isa isa) {
  static constexpr Built<SplitConvKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kSplitConv_##name},
#include "kernels/split_conv/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<SplitConvKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
