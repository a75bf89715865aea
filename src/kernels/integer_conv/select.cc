// From an instruction set to its kernels.

#include "base/cpu.h"
#include "base/error.h"
#include "kernels/integer_conv/integer_conv.h"

namespace pact::kernels {

const IntegerConvKernels& integer_conv_kernels(Isa isa) {
  switch (isa) {
#define PACT_KERNEL(name) \
  case Isa::name:         \
    return kIntegerConv_##name;
#include "kernels/isas.inc"
#undef PACT_KERNEL
  }
  fail(ErrorKind::internal, "no kernels for instruction set {}", name_of(isa));
}

}  // namespace pact::kernels
