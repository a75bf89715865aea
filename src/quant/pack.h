// Codes of 1 to 8 bits packed without gaps: element i occupies bits [i*k, (i+1)*k) of a little-endian bit
// stream. For 1, 2, 4 and 8 bits this is ONNX's packing of UINT2 and UINT4 (first element in the low bits).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quant/grid.h"

namespace pact::quant {

// ceil(count * bits / 8). Throws Error on bits outside 1 to 8.
size_t packed_size_bytes(size_t count, int bits);

// Codes of `grid` (its step does not matter) as packed bytes; signed codes in two's complement of grid.bits;
// the unused bits of the last byte are 0. Throws Error when a code lies outside the grid.
std::vector<uint8_t> pack(const Grid& grid, std::span<const int16_t> codes);

// The inverse; unused bits of the last byte are ignored. Throws Error when `bytes` does not have exactly
// packed_size_bytes(count, grid.bits) bytes, or holds -2^(bits-1) on a symmetric grid, whose code it is not.
std::vector<int16_t> unpack(const Grid& grid, std::span<const uint8_t> bytes, size_t count);

}  // namespace pact::quant
