// From an instruction set to its kernels; parts of what is asked for, and whether others can finish it.
#include "kernels/select.h"
#include "kernels/requantize/requantize.h"

#include "kernels/requantize/sources.inc"
#include "kernels/requantize/is_form.inc"

namespace pact::kernels {

const RequantizeKernels& requantize_kernels(Isa isa) {
  static constexpr Built<RequantizeKernels> kBuilt[] = {
#define PACT_KERNEL(name) {Isa::name, &kRequantize_##name},
#include "kernels/isas.inc"
#undef PACT_KERNEL
  };
  return nearest<RequantizeKernels>(kBuilt, isa);
}

Requantize part_of(const Requantize& whole, int64_t row, int64_t channel) {
  const int64_t i = row * whole.stride + channel;
  Requantize part = whole;
  part.multiplier += channel;
  part.bias += channel;
  if (part.shortcut) part.shortcut += i;
  if (part.shortcut_codes) part.shortcut_codes += i;
  if (part.real) part.real += i;
  if (part.codes) part.codes += i;
  return part;
}

bool can_finish(const Requantize& asked) {
  const bool has_codes = asked.code_kind != CodeKind::none;
  if (has_codes && (asked.code_kind != CodeKind::whole || asked.least_code != 0 || asked.inverse == 0.0f))
    return false;
  if (has_codes && !asked.is_bounded && !asked.shortcut) return false;
#define PACT_FORM(kAdded, kRelu, kKept, kCoded) \
  if (is_form(asked, Shortcut::kAdded, kRelu, kKept, kCoded)) return true;
#include "kernels/requantize/finished_forms.inc"
#undef PACT_FORM
  return false;
}

}  // namespace pact::kernels
