// The two passes of resampling a picture of bytes: down the columns, then along what is left of each row. In
// integers, so that every instruction set gives the bytes of the portable kernel.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace pact::kernels {

constexpr int kResampleWeightBits = 14;   // weights are not negative and add up to 2^14
constexpr int kResampleBetweenBits = 6;   // fraction bits between the passes: 255 * 2^6 fits 16 bits
constexpr int64_t kResampleOverread = 2;  // numbers behind the last one of `row` that may be read

// out[i] = (sum over t of weights[t] * rows[t][i]) / 2^8, half up, for i < count; `taps` rows, an even
// number.
struct DownColumns {
  const uint8_t* const* rows;
  const int16_t* weights;
  int64_t taps, count;
  int16_t* out;
};

// out[channels x + c] = (sum over t of w(x, t) * row[channels (first[x] + t) + c]) / 2^20, half up, for
// x < outputs, t < taps, an even number. w(x, t) = weights[2 (t / 2 * outputs + x) + t % 2]: in pairs of
// taps, the pairs of neighbouring outputs side by side. `channels` is 1 or 3.
struct AlongRow {
  const int16_t* row;
  const int32_t* first;
  const int16_t* weights;
  int64_t taps, outputs, channels;
  uint8_t* out;
};

struct ResampleKernels {
  void (*down_columns)(const DownColumns&) noexcept;
  void (*along_row)(const AlongRow&) noexcept;
};

const ResampleKernels& resample_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const ResampleKernels kResample_##isa, kResample_##isa##_emulated;
#include "kernels/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
