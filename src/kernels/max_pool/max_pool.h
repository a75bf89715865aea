// The greatest element of a window, channel by channel, of a channels-last image. Every instruction set gives
// the bits of the portable kernel.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace pact::kernels {

// out[c] = the greatest of x[(row * width + column * step) * channels + c] over row < rows, column < columns,
// row by row from left to right; an element replaces the greatest so far only when it is greater, and before
// the first stands the least number of the type, -infinity for real ones.
template <typename Element>
struct MaxWindow {
  const Element* x;
  int64_t rows, columns;
  int64_t width;  // pixels from one row of the window to the next
  int64_t step;   // pixels from one column of the window to the next
  int64_t channels;
  Element* out;
};

struct MaxPoolKernels {
  void (*f32)(const MaxWindow<float>&) noexcept;
  void (*u8)(const MaxWindow<uint8_t>&) noexcept;
  void (*i8)(const MaxWindow<int8_t>&) noexcept;
  void (*i32)(const MaxWindow<int32_t>&) noexcept;
};

const MaxPoolKernels& max_pool_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const MaxPoolKernels kMaxPool_##isa;
#include "kernels/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
