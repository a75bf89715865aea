// One bit window moves over the codes; packing happens when files are written and read, never in a hot loop.
#include "quant/pack.h"

#include "base/error.h"

namespace pact::quant {

size_t packed_size_bytes(size_t count, int bits) {
  if (bits < kMinBits || bits > kMaxBits) fail("codes have {} to {} bits, not {}", kMinBits, kMaxBits, bits);
  const size_t width = static_cast<size_t>(bits);
  return count / 8 * width + (count % 8 * width + 7) / 8;  // in this order nothing overflows
}

std::vector<uint8_t> pack(const Grid& grid, std::span<const int16_t> codes) {
  require_valid({grid.kind, grid.bits, 1.0f});
  const uint32_t mask = (1u << grid.bits) - 1;
  std::vector<uint8_t> bytes;
  bytes.reserve(packed_size_bytes(codes.size(), grid.bits));
  uint32_t window = 0;
  int filled = 0;
  for (size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] < grid.min_code() || codes[i] > grid.max_code())
      fail("code {} of element {} is outside [{}, {}], the codes of a grid of kind '{}' with {} bits",
           codes[i], i, grid.min_code(), grid.max_code(), name_of(grid.kind), grid.bits);
    window |= (static_cast<uint32_t>(codes[i]) & mask) << filled;
    filled += grid.bits;
    if (filled >= 8) {
      bytes.push_back(static_cast<uint8_t>(window & 0xff));
      window >>= 8;
      filled -= 8;
    }
  }
  if (filled > 0) bytes.push_back(static_cast<uint8_t>(window));
  return bytes;
}

std::vector<int16_t> unpack(const Grid& grid, std::span<const uint8_t> bytes, size_t count) {
  require_valid({grid.kind, grid.bits, 1.0f});
  const size_t expected = packed_size_bytes(count, grid.bits);
  if (bytes.size() != expected)
    fail("{} codes of {} bits take {} bytes, but there are {}", count, grid.bits, expected, bytes.size());
  const uint32_t mask = (1u << grid.bits) - 1;
  const int sign = has_signed_codes(grid.kind) ? 1 << (grid.bits - 1) : 0;
  std::vector<int16_t> codes(count);
  uint32_t window = 0;
  int filled = 0;
  size_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    if (filled < grid.bits) {
      window |= uint32_t{bytes[next++]} << filled;
      filled += 8;
    }
    const int raw = static_cast<int>(window & mask);
    const int code = (raw ^ sign) - sign;  // extends the sign
    if (code < grid.min_code())
      fail("element {} holds {}, which is no code of a symmetric grid with {} bits", i, code, grid.bits);
    codes[i] = static_cast<int16_t>(code);
    window >>= grid.bits;
    filled -= grid.bits;
  }
  return codes;
}

}  // namespace pact::quant
