// CRC-32 as zip, PNG and zlib have it: polynomial 0x04C11DB7, reflected. Finds every damage of up to 32 bits
// in a row, and of 3 single bits in files of our size; it is no protection against forgery.
#pragma once

#include <cstdint>
#include <string_view>

namespace pact {

// Of the bytes that gave `before`, followed by `bytes`.
uint32_t crc32(std::string_view bytes, uint32_t before = 0);

}  // namespace pact
