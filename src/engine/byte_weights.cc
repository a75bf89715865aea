#include "engine/byte_weights.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "engine/windows.h"

namespace pact::engine {
namespace {

constexpr int64_t kBlock = kernels::ByteConvKernels::kBlock;
constexpr int64_t kLine = kernels::kPackedLine;
constexpr size_t kMany = 128 * 1024;  // bytes; less stays in the second cache between pieces

}  // namespace

ByteWeights::ByteWeights(const IntegerProblem& problem, int64_t segments, int64_t segment_length)
    : fours_((segment_length + 3) / 4),
      blocks_((problem.shape.group_outputs() + kBlock - 1) / kBlock),
      block_bytes_(segments * fours_ * 4 * kBlock),
      has_filling_(segment_length % 4 != 0) {
  const int64_t group_outputs = problem.shape.group_outputs();
  // Output channels that fill up the last block count for nothing: one of the levels in use, not to add
  // another.
  const auto smallest = std::ranges::min_element(problem.weights, {}, [](int16_t w) { return std::abs(w); });
  bytes_.assign(static_cast<size_t>(problem.shape.groups * blocks_ * block_bytes_),
                has_filling_ ? uint8_t{0} : static_cast<uint8_t>(*smallest));
  for_weights(problem, [&](int64_t o, int64_t segment, int64_t element, int16_t weight) {
    const int64_t inside = o % group_outputs;
    uint8_t* block = bytes_.data() + (o / group_outputs * blocks_ + inside / kBlock) * block_bytes_;
    block[((segment * fours_ + element / 4) * kBlock + inside % kBlock) * 4 + element % 4] =
        static_cast<uint8_t>(weight);
  });
}

std::span<const int8_t> ByteWeights::bytes() const {
  PACT_CHECK(!is_dense());
  return {reinterpret_cast<const int8_t*>(bytes_.data()), bytes_.size()};
}

std::span<int8_t> ByteWeights::bytes() {
  PACT_CHECK(!is_dense());
  return {reinterpret_cast<int8_t*>(bytes_.data()), bytes_.size()};
}

int64_t ByteWeights::lines() const {
  const int64_t weights_per_line = kLine * dense_.per_byte;
  return (block_bytes_ + weights_per_line - 1) / weights_per_line;
}

void ByteWeights::condense() {
  if (has_filling_ || bytes_.size() < kMany) return;
  const std::span<const int8_t> weights = bytes();
  const auto [least, most] = std::ranges::minmax(weights);
  const bool is_even =
      std::ranges::all_of(weights, [first = least](int8_t weight) { return (weight - first) % 2 == 0; });
  const int scale_shift = is_even ? 1 : 0;
  const int levels = ((most - least) >> scale_shift) + 1;
  if (levels > 16) return;
  dense_ = {.packed = nullptr,
            .lines = 0,
            .per_byte = levels > 4 ? 2 : 4,
            .scale_shift = scale_shift,
            .least = least,
            .weights = nullptr};
  const auto blocks = static_cast<int64_t>(bytes_.size()) / block_bytes_;
  AlignedVector<uint8_t> dense(static_cast<size_t>(blocks * lines() * kLine), 0);
  for (int64_t block = 0; block < blocks; ++block)
    for (int64_t i = 0; i < block_bytes_; ++i) {
      const int number = (weights[static_cast<size_t>(block * block_bytes_ + i)] - least) >> scale_shift;
      const int64_t field = i / kLine % dense_.per_byte;
      uint8_t& byte =
          dense[static_cast<size_t>((block * lines() + i / kLine / dense_.per_byte) * kLine + i % kLine)];
      byte = static_cast<uint8_t>(byte | number << (8 / dense_.per_byte * field));
    }
  bytes_ = std::move(dense);
}

size_t ByteWeights::scratch_bytes() const {
  return is_dense() ? static_cast<size_t>((kUnpacked - 1) * block_bytes_ + lines() * dense_.per_byte * kLine)
                    : 0;
}

const int8_t* ByteWeights::blocks(const kernels::ByteConvKernels& kernels, int64_t first, int64_t count,
                                  std::byte* scratch) const {
  if (!is_dense()) return bytes().data() + first * block_bytes_;
  auto* unpacked = reinterpret_cast<int8_t*>(scratch);
  kernels::PackedWeights dense = dense_;
  dense.lines = lines();
  for (int64_t i = 0; i < count; ++i) {  // each over what the last line of the one before had too much
    dense.packed = bytes_.data() + (first + i) * dense.lines * kLine;
    dense.weights = unpacked + i * block_bytes_;
    kernels.unpack(dense);
  }
  return unpacked;
}

}  // namespace pact::engine
