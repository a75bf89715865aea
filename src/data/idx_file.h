// The idx format of MNIST (LeCun et al. 1998): two zero bytes, the type of numbers (8: bytes), how many
// dimensions, each dimension as a big-endian 32-bit number, then the numbers, last dimension fastest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace pact::data {

struct IdxArray {
  std::vector<uint32_t> shape;
  std::vector<uint8_t> bytes;  // the product of `shape`
};

// Reads an array of bytes with `dimensions` dimensions, plain or compressed by gzip. Throws Error, naming the
// path, when it is missing, something else, cut off, damaged or too long, or larger than `max_bytes`.
IdxArray read_idx(const std::filesystem::path& path, size_t dimensions, size_t max_bytes = size_t{1} << 31);

}  // namespace pact::data
