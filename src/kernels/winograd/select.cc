// From an instruction set to its kernels.

#include "base/cpu.h"
#include "base/error.h"
#include "kernels/winograd/winograd.h"

namespace pact::kernels {

const WinogradKernels& winograd_kernels(Isa isa) {
  switch (isa) {
#define PACT_KERNEL(name) \
  case Isa::name:         \
    return kWinograd_##name;
#include "kernels/isas.inc"
#undef PACT_KERNEL
  }
  fail(ErrorKind::internal, "no kernels for instruction set {}", name_of(isa));
}

}  // namespace pact::kernels
