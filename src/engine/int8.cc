// Products of unsigned bytes by signed ones (kernels/byte_conv).
//
// Where the instruction set multiplies bytes with sums of 16 bits only, the weights themselves tell how many
// products may be added up before they could leave 16 bits (short_sums.h).
#include <algorithm>

#include "engine/algorithms.h"
#include "engine/byte_layer.h"
#include "engine/short_sums.h"
#include "kernels/byte_conv/byte_conv.h"

namespace pact::engine {
namespace {

constexpr int64_t kWorthWhile = 4;  // fours in one short sum, below which others are as fast

class Int8 final : public ByteLayer {
 public:
  Int8(const IntegerProblem& problem, ByteWeights weights, const CutWish& wish, ShortSums sums);

  std::string name() const override { return weights_.is_dense() ? "int8, dense weights" : "int8"; }

 protected:
  void multiply(const Slab& slab, const Product& product, std::byte* scratch) const override;
  bool can_requantize() const override { return kernels_.multiply_and_requantize != nullptr; }

 private:
  kernels::ByteWindows windows_of(const Slab& slab, const Product& product) const;

  const kernels::ByteConvKernels& kernels_;
  ShortSums sums_;
};

// Pieces of dense weights are narrow and tall, so that blocks are unpacked for many pixels.
CutWish wish_for(const IntegerProblem& problem, const ByteWeights& weights) {
  constexpr int64_t kBlock = kernels::ByteConvKernels::kBlock;
  const ConvShape& shape = problem.shape;
  CutWish wish = weights.is_dense()
                     ? CutWish{.pixels = 256, .channels = ByteWeights::kUnpacked * kBlock, .block = kBlock}
                     : wide_pieces(shape, shape.taps() * shape.group_channels(), kBlock);
  wish.tile_pixels = kernels::byte_conv_kernels(problem.isa).tile_pixels;
  return wish;
}

Int8::Int8(const IntegerProblem& problem, ByteWeights weights, const CutWish& wish, ShortSums sums)
    : ByteLayer(problem, std::move(weights), wish),
      kernels_(kernels::byte_conv_kernels(problem.isa)),
      sums_(sums) {
  const auto takes_unpadded = [&](const Slab& slab) {
    kernels::ByteWindows row = windows_of(slab, {.pixels = row_pixels(), .windows = &windows_});
    row.blocks = slab.stride / kBlock;
    return kernels_.takes_unpadded(row);
  };
  if (kernels_.takes_unpadded && may_be_unpadded() && std::ranges::all_of(cut().slabs, takes_unpadded))
    leave_unpadded(problem);
}

// All but what belongs to some blocks.
kernels::ByteWindows Int8::windows_of(const Slab& slab, const Product& product) const {
  return {.x = product.x,
          .pixels = product.windows->pixels.data(),
          .pixel_count = product.pixels,
          .segments = product.windows->segments.data(),
          .segment_count = static_cast<int64_t>(product.windows->segments.size()),
          .fours = weights_.fours(),
          .weights = nullptr,
          .blocks = 0,
          .start = nullptr,
          .accumulators = nullptr,
          .stride = slab.stride,
          .short_fours = sums_.fours,
          .short_segments = sums_.segments,
          .step = product.windows->step,
          .row_pixels = row_pixels(),
          .outside = product.outside,
          .rows = product.rows};
}

void Int8::multiply(const Slab& slab, const Product& product, std::byte* scratch) const {
  kernels::ByteWindows windows = windows_of(slab, product);
  const int64_t at_once = weights_.is_dense() ? ByteWeights::kUnpacked : slab.stride / kBlock;
  for (int64_t done = 0; done < slab.stride; done += windows.blocks * kBlock) {
    windows.blocks = std::min(at_once, (slab.stride - done) / kBlock);
    windows.weights = weights_.blocks(kernels_, product.block + done / kBlock, windows.blocks, scratch);
    windows.start = product.start + done;
    if (product.outputs) {
      windows.window_sums = product.window_sums;
      windows.odd_start = product.odd_start ? product.odd_start + done : nullptr;
      kernels_.multiply_and_requantize(windows, kernels::part_of(*product.outputs, 0, done));
      continue;
    }
    windows.accumulators = product.accumulators + done;
    kernels_.multiply(windows);
  }
}

// Of no meaning where sums have 32 bits.
ShortSums short_sums_of(const IntegerProblem& problem, const ByteWeights& weights) {
  if (!kernels::byte_conv_kernels(problem.isa).uses_short_sums) return {.fours = 1, .segments = 1};
  return find_short_sums({.weights = weights.bytes(),
                          .block = kernels::ByteConvKernels::kBlock,
                          .segments = static_cast<int64_t>(make_windows(problem.shape, 1).segments.size()),
                          .fours = weights.fours(),
                          .largest_byte = largest_byte(problem)});
}

}  // namespace

bool int8_is_exact(const IntegerProblem& problem) {
  if (!are_bytes(problem)) return false;
  return !kernels::byte_conv_kernels(problem.isa).uses_short_sums ||
         short_sums_of(problem, byte_weights_of(problem)).fours > 0;
}

bool int8_is_fast(const IntegerProblem& problem) {
  if (!kernels::byte_conv_kernels(problem.isa).uses_short_sums) return true;
  const ShortSums sums = short_sums_of(problem, byte_weights_of(problem));
  return sums.is_everything || sums.fours * sums.segments >= kWorthWhile;
}

std::unique_ptr<IntegerAlgorithm> make_int8(const IntegerProblem& problem) {
  ByteWeights weights = byte_weights_of(problem);
  const ShortSums sums = short_sums_of(problem, weights);
  weights.condense();
  const CutWish wish = wish_for(problem, weights);
  return std::make_unique<Int8>(problem, std::move(weights), wish, sums);
}

}  // namespace pact::engine
