// Rescaling in integers (docs/number_format.md, "A network of integers alone"): from int32 accumulators or
// streams to streams or codes,
//   y = round_half_even((x * m + b) / 2^shift)
// exact for any int32 x, |m| < 2^15, |b| <= 2^46 and shift 1 to 46. Plain loops that the compiler vectorises,
// the same for each instruction set.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace pact::kernels {

// `rows` rows of `width` contiguous elements; each element of a row has numbers of its own.
struct FixedRescale {
  int64_t rows = 0, width = 0;
  const int32_t* x = nullptr;
  const int32_t* multiplier = nullptr;
  const int64_t* bias = nullptr;
  const int64_t* shift = nullptr;
};

struct FixedRequantizeKernels {
  // stream[i] = y; y must fit.
  void (*rescale)(const FixedRescale&, int32_t* stream) noexcept;
  // codes[i] = y clamped to the ends, u8, or i8 in two's complement.
  void (*requantize)(const FixedRescale&, int least_code, int largest_code, uint8_t* codes) noexcept;
};

const FixedRequantizeKernels& fixed_requantize_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const FixedRequantizeKernels kFixedRequantize_##isa;
#include "kernels/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
