// The packed weights of an int8 layer. Those of big layers with at most 16 (or 4) different levels rest in
// memory at 4 (or 2) bits and are unpacked block by block, each time a piece of work needs them: then a fully
// connected layer reads a half (a quarter) of the bytes, and so does a convolution that does not fit the
// cache.
#pragma once

#include <span>

#include "engine/aligned.h"
#include "engine/integer_problem.h"
#include "kernels/byte_conv/byte_conv.h"

namespace pact::engine {

class ByteWeights {
 public:
  // Packs the weights of `problem`, all within int8, for windows of `segments` times `segment_length`
  // elements.
  ByteWeights(const IntegerProblem& problem, int64_t segments, int64_t segment_length);

  int64_t fours() const { return fours_; }  // of a segment
  int64_t blocks_per_group() const { return blocks_; }
  bool is_dense() const { return dense_.per_byte != 0; }  // at less than 8 bits
  size_t size_bytes() const { return bytes_.size(); }
  size_t scratch_bytes() const;  // for `blocks` to unpack kUnpacked of them into

  // How many blocks are unpacked at a time: a kernel's registers hold the sums of two.
  static constexpr int64_t kUnpacked = 2;

  // The weights of `count` blocks from `first` on, counted over all groups, one after the other:
  // [segment][four][kBlock][4]. Of dense ones at most kUnpacked.
  const int8_t* blocks(const kernels::ByteConvKernels& kernels, int64_t first, int64_t count,
                       std::byte* scratch) const;

  // All blocks, unpacked, one after the other; only while not dense.
  std::span<const int8_t> bytes() const;
  std::span<int8_t> bytes();

  // Makes them dense if they are many and their levels few.
  void condense();

 private:
  int64_t lines() const;  // of a dense block

  AlignedVector<uint8_t> bytes_;  // int8 weights, or dense lines
  int64_t fours_ = 0, blocks_ = 0, block_bytes_ = 0;
  bool has_filling_ = false;  // elements beyond a segment, which must stay 0
  kernels::PackedWeights dense_{};
};

}  // namespace pact::engine
