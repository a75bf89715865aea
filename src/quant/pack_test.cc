#include "quant/pack.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "base/random.h"

namespace pact::quant {
namespace {

using Bytes = std::vector<uint8_t>;
using Codes = std::vector<int16_t>;

// Bit b of element i is bit i * k + b of the stream.
Bytes slow_pack(const Grid& grid, const Codes& codes) {
  Bytes bytes((codes.size() * static_cast<size_t>(grid.bits) + 7) / 8);
  for (size_t i = 0; i < codes.size(); ++i)
    for (int b = 0; b < grid.bits; ++b) {
      const size_t position = i * static_cast<size_t>(grid.bits) + static_cast<size_t>(b);
      if ((codes[i] >> b & 1) != 0)
        bytes[position / 8] = static_cast<uint8_t>(bytes[position / 8] | 1 << position % 8);
    }
  return bytes;
}

TEST(Pack, EqualsTheSlowOracleAndComesBack) {
  constexpr uint64_t kSeed = 5;
  for (const GridKind kind : {GridKind::unsigned_, GridKind::symmetric, GridKind::signed_, GridKind::odd})
    for (int bits = has_signed_codes(kind) ? 2 : 1; bits <= kMaxBits; ++bits)
      for (size_t count = 0; count < 70; ++count) {
        SCOPED_TRACE(fmt::format("{} {} bits, {} codes, seed {}", name_of(kind), bits, count, kSeed));
        const Grid grid{kind, bits, 1.0f};
        Random random(kSeed, static_cast<uint64_t>(bits), count);
        const uint64_t levels = static_cast<uint64_t>(grid.max_code() - grid.min_code() + 1);
        Codes codes(count);
        for (int16_t& code : codes)
          code = static_cast<int16_t>(grid.min_code() + static_cast<int>(random.below(levels)));
        if (count > 1) codes[0] = static_cast<int16_t>(grid.min_code());
        if (count > 1) codes[count - 1] = static_cast<int16_t>(grid.max_code());
        const Bytes bytes = pack(grid, codes);
        ASSERT_EQ(bytes, slow_pack(grid, codes));
        ASSERT_EQ(bytes.size(), packed_size_bytes(count, bits));
        ASSERT_EQ(unpack(grid, bytes, count), codes);
      }
}

TEST(Pack, OrderIsThatOfOnnx) {
  // UINT4: x0 + x1 << 4; UINT2: x0 + x1 << 2 + x2 << 4 + x3 << 6; the last byte filled up with zeros.
  EXPECT_EQ(pack({GridKind::unsigned_, 4, 1.0f}, Codes{1, 2, 3}), (Bytes{0x21, 0x03}));
  EXPECT_EQ(pack({GridKind::unsigned_, 2, 1.0f}, Codes{3, 0, 1, 2, 1}), (Bytes{0b10'01'00'11, 0b01}));
  EXPECT_EQ(pack({GridKind::unsigned_, 1, 1.0f}, Codes{1, 0, 0, 0, 0, 0, 0, 1, 1}), (Bytes{0x81, 0x01}));
  // INT4 and INT2: two's complement.
  EXPECT_EQ(pack({GridKind::symmetric, 4, 1.0f}, Codes{-1, 7, -7}), (Bytes{0x7f, 0x09}));
  EXPECT_EQ(pack({GridKind::symmetric, 2, 1.0f}, Codes{-1, 1, 0, -1}), (Bytes{0b11'00'01'11}));
  EXPECT_EQ(pack({GridKind::signed_, 2, 1.0f}, Codes{-1, 1, 0, -2}), (Bytes{0b10'00'01'11}));
  EXPECT_EQ(pack({GridKind::symmetric, 8, 1.0f}, Codes{-127, 127}), (Bytes{0x81, 0x7f}));
  // 3 bits straddle the bytes.
  EXPECT_EQ(pack({GridKind::odd, 3, 1.0f}, Codes{7, 0, 7, 1}), (Bytes{0b11'000'111, 0b001'1}));
}

TEST(Pack, RefusesForeignCodesAndSizes) {
  const Grid odd{GridKind::odd, 3, 1.0f};
  const Grid symmetric{GridKind::symmetric, 3, 1.0f};
  EXPECT_THROW(pack(odd, Codes{8}), Error);
  EXPECT_THROW(pack(odd, Codes{0, -1}), Error);
  EXPECT_THROW(pack(symmetric, Codes{-4}), Error);
  EXPECT_THROW(pack({GridKind::symmetric, 1, 1.0f}, Codes{0}), Error);
  EXPECT_THROW(pack({GridKind::odd, 9, 1.0f}, Codes{0}), Error);
  EXPECT_THROW(unpack(odd, Bytes(2), 3 + 3), Error);
  EXPECT_THROW(unpack(odd, Bytes(3), 5), Error);
  EXPECT_THROW(unpack(odd, Bytes(1), 0), Error);
  EXPECT_THROW(unpack(odd, Bytes(1), std::numeric_limits<size_t>::max()), Error);
  EXPECT_THROW(unpack(symmetric, Bytes{0b100}, 1), Error);
  EXPECT_THROW(packed_size_bytes(1, 0), Error);
  EXPECT_THROW(packed_size_bytes(1, 9), Error);
  EXPECT_EQ(packed_size_bytes(std::numeric_limits<size_t>::max(), 8), std::numeric_limits<size_t>::max());
  EXPECT_EQ(unpack(odd, Bytes{0b11111'101}, 1), Codes{5}) << "unused bits are ignored";
}

}  // namespace
}  // namespace pact::quant
