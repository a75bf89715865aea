// From an instruction set to its kernels.
#include "kernels/clip_quantize/clip_quantize.h"
#include "kernels/select.h"

namespace pact::kernels {

const ClipQuantizeKernels& clip_quantize_kernels(Isa isa) {
  static constexpr Built<ClipQuantizeKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kClipQuantize_##name},
#include "kernels/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<ClipQuantizeKernels>(kBuilt, isa);
}

}  // namespace pact::kernels
