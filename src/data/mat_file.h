// Arrays of numbers in MATLAB files of version 5, which MATLAB writes as v6 and v7: elements of a tag (type,
// bytes) and data, each array an element, as it is or compressed. ("MAT-File Format", The MathWorks.) Our own
// reader, since a file from elsewhere must not do harm, and the numbers should not be held twice.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pact::data {

struct MatArray {
  std::string name;
  std::vector<size_t> shape;  // the first index changes fastest
  int type = 0;               // of the stored numbers, as the format counts them; kMatBytes: unsigned bytes
  std::vector<uint8_t> bytes;

  size_t count() const;
  double at(size_t i) const;
};
inline constexpr int kMatBytes = 2;

// Those real arrays of a file that `is_wanted` takes; it sees them without their numbers and may throw.
// Throws Error, naming the path, on anything else, damaged or cut off; needs no more memory than the numbers
// that are there.
std::vector<MatArray> read_mat(const std::filesystem::path& path,
                               const std::function<bool(const MatArray&)>& is_wanted);

}  // namespace pact::data
