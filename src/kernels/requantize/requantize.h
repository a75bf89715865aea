// The way from the accumulators of an integer layer to the codes of the next (docs/number_format.md,
// "Requantize"), while they are in the cache. Every instruction set gives the bits of the portable kernel.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace pact::kernels {

enum class CodeKind { none, whole, odd };  // odd: an odd grid; whole: the two others
enum class Activation { none, relu };

// For row r < rows, channel c < width, with the index i = r * stride + c into shortcut, real and codes:
//   z = float(accumulators[r * accumulator_stride + c]) * multiplier[c] + bias[c]
//   z = z + shortcut[i]            unless shortcut is null
//   z = z + float(shortcut_codes[i]) * shortcut_step     unless shortcut_codes is null; one of the two is
//   z = max(z, 0)                  if asked for
//   real[i] = z                    unless real is null; may lie over shortcut
//   codes[i] = code of z           unless code_kind is none; u8, or i8 in two's complement
struct Requantize {
  int64_t rows = 0, width = 0, stride = 0;
  const int32_t* accumulators = nullptr;
  int64_t accumulator_stride = 0;
  const float* multiplier = nullptr;
  const float* bias = nullptr;
  const float* shortcut = nullptr;
  const uint8_t* shortcut_codes = nullptr;
  float shortcut_step = 1.0f;
  Activation activation = Activation::none;
  float* real = nullptr;
  uint8_t* codes = nullptr;
  CodeKind code_kind = CodeKind::none;
  float step = 1.0f;
  float inverse = 0.0f, inverse_rest = 0.0f;  // quant::exact_inverse of the grid; 0: divide
  bool is_bounded = false;  // whether all z, unless NaN, are known to lie within 2^30 steps of 0
  int least_code = 0, largest_code = 0;
};

// The same outputs from row `row` and channel `channel` on. Rows of sums stay where they are.
Requantize part_of(const Requantize& whole, int64_t row, int64_t channel);

// Whether kernels that requantize what is still in their registers can do what is asked for, of which pointers
// need only be null or not: a form of finished_forms.inc, with unsigned whole codes that take no division, of
// numbers that are bounded or the sum with a real shortcut.
bool can_finish(const Requantize& asked);

struct RequantizeKernels {
  void (*requantize)(const Requantize&) noexcept;
  // codes[i] = code of x[i]: the last line of `requantize` alone; of `grid` only the code fields are read.
  void (*quantize)(const Requantize& grid, int64_t count, const float* x, uint8_t* codes) noexcept;
};

const RequantizeKernels& requantize_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const RequantizeKernels kRequantize_##isa, kRequantize_##isa##_emulated;
#include "kernels/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
