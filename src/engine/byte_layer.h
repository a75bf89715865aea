// What the algorithms with products of bytes share: which layers fit, how their codes lie, and what their
// sums start from.
//
// With the codes moved up to x = code - least, where the least code is negative, and z = zero - least:
//   sum w (code - zero) = sum w x - sum w z
// and the second sum is a constant of the output channel, from which accumulators start. Padding holds z.
// Without padding and negative codes the image is read where it lies; otherwise there is a padded copy. Where a kernel
// needs no padding to the left and right (ByteConvKernels::takes_unpadded), there is none at all: rows of the kernel above
// or below the image are left out of the sum, and out of the constant that it starts from.
//
// Weights of 8 bits on an odd grid are odd numbers of 9 bits: w = 2 v + 1 (kernels/odd_weights).
#pragma once

#include <vector>

#include "engine/byte_weights.h"
#include "engine/integer_algorithm.h"
#include "engine/windows.h"
#include "kernels/odd_weights/odd_weights.h"

namespace pact::engine {

// Whether codes, moved up, and weights, or the v of all of them, are bytes.
bool are_bytes(const IntegerProblem& problem);

// The largest byte that the product may meet, padding included; beyond 255 it does not fit.
int64_t largest_byte(const IntegerProblem& problem);

// The weights of the product: w or v.
ByteWeights byte_weights_of(const IntegerProblem& problem);

class ByteLayer : public IntegerAlgorithm {
 public:
  size_t weight_bytes() const override { return weights_.size_bytes(); }
  size_t prepared_bytes() const override;
  int64_t preparations(int64_t rows) const override;
  void prepare(const std::byte* codes, int64_t rows, int64_t index, std::byte* prepared) const override;
  bool prepares_by_piece() const override { return by_piece_; }
  Preparations preparations_of(const Piece& piece) const override;
  void accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared, std::byte* scratch,
                  int32_t* accumulators) const final;
  size_t scratch_bytes() const override;
  bool can_finish(const kernels::Requantize& outputs) const override;
  void accumulate_to(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                     std::byte* scratch, const kernels::Requantize& outputs) const final;

 protected:
  static constexpr int64_t kBlock = kernels::ByteConvKernels::kBlock;

  ByteLayer(const IntegerProblem& problem, ByteWeights weights, const CutWish& wish);

  // The sums of `pixels` windows from x on, for the channels of the slab, which begin with block `block` of
  // all groups; start holds what they begin with. They are requantized, where `outputs` says how, or stored.
  struct Product {
    int64_t block = 0, pixels = 0;
    const uint8_t* x = nullptr;
    const int32_t* start = nullptr;
    int32_t* accumulators = nullptr;
    const kernels::Requantize* outputs = nullptr;
    const int32_t* window_sums = nullptr;  // with `outputs`, where weights are odd
    const int32_t* odd_start = nullptr;
    const Windows* windows = nullptr;
    // With `outputs`, where the image is left unpadded; as ByteWindows has them.
    const uint8_t* outside = nullptr;
    const kernels::ByteRow* rows = nullptr;
  };
  virtual void multiply(const Slab& slab, const Product& product, std::byte* scratch) const = 0;
  virtual bool can_requantize() const { return false; }
  int64_t row_pixels() const { return shape_.out_width; }
  // Whether there can be sums without a padded copy, if `multiply` reads the pixels beside a row from `outside`; and the
  // decision for it, by which sums that are requantized come that way.
  bool may_be_unpadded() const;
  void leave_unpadded(const IntegerProblem& problem);

  ByteWeights weights_;
  Windows windows_;

 private:
  struct Unpadded {
    Windows windows;
    std::vector<kernels::ByteRow> rows;  // of the output
    AlignedVector<int32_t> start;        // as start_, for each part of the kernel that `rows` have
    std::vector<uint8_t> outside;        // a pixel of zero codes again and again
  };

  Product product_of(const Piece& piece, const std::byte* codes, const std::byte* prepared) const;
  bool is_unpadded() const { return !unpadded_.rows.empty(); }
  int64_t padded_row_bytes() const { return shape_.padded_width() * shape_.channels; }
  bool has_odd_weights() const { return !zeros_.empty(); }
  kernels::OddWindows odd_windows_of(const Product& product) const;
  void copy_row(const uint8_t* image, int64_t row, uint8_t* out) const;

  const kernels::OddWeightsKernels& odd_kernels_;
  ConvShape shape_;
  AlignedVector<int32_t> start_;  // [block][kBlock]
  AlignedVector<int32_t> zeros_;  // what products begin with whose weights are odd; empty for others
  bool is_linear_, is_copied_, by_piece_;
  uint8_t shift_;
  std::vector<uint8_t> padding_;  // one padded row of zero codes, shifted
  int64_t rows_at_once_;          // of the padded image, in one preparation
  Unpadded unpadded_;             // empty where there is a padded copy, or no padding
};

}  // namespace pact::engine
