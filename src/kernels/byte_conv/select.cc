// From an instruction set to its kernels, and what they can finish.
#include "kernels/select.h"
#include "kernels/byte_conv/byte_conv.h"

#include "kernels/requantize/sources.inc"
#include "kernels/byte_conv/is_form.inc"

namespace pact::kernels {

const ByteConvKernels& byte_conv_kernels(Isa isa) {
  static constexpr Built<ByteConvKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kByteConv_##name},
#include "kernels/byte_conv/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<ByteConvKernels>(kBuilt, isa);
}

bool can_finish(const Requantize& asked) {
  const bool has_codes = asked.code_kind != CodeKind::none;
  if (has_codes && (asked.code_kind != CodeKind::whole || asked.least_code != 0 || asked.inverse == 0.0f)) return false;
  if (has_codes && !asked.is_bounded && !asked.shortcut) return false;
#define PACT_FORM(kAdded, kRelu, kKept, kCoded)                                                     \
  if (is_form(asked, Shortcut::kAdded, kRelu ? Activation::relu : Activation::none, kKept, kCoded)) \
    return true;
#include "kernels/byte_conv/finished_forms.inc"
#undef PACT_FORM
  return false;
}

}  // namespace pact::kernels
