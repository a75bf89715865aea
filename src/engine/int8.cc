// Products of unsigned bytes by signed ones (kernels/byte_conv), for layers whose weights fit int8.
//
// With the codes moved up to x' = code - least, where the least code is negative, and z' = zero - least:
//   sum w (code - zero) = sum w x' - sum w z'
// and the second sum is a constant of the output channel, from which accumulators start. Padding holds z'.
// Without padding and negative codes the image is read where it lies; otherwise there is a padded copy.
//
// Where the instruction set multiplies bytes with sums of 16 bits only, the weights themselves tell how many
// products may be added up before they could leave 16 bits (short_sums.h).
#include <algorithm>
#include <cstring>

#include "engine/algorithms.h"
#include "engine/byte_weights.h"
#include "engine/short_sums.h"
#include "engine/windows.h"
#include "kernels/byte_conv/byte_conv.h"

namespace pact::engine {
namespace {

constexpr int64_t kBlock = kernels::ByteConvKernels::kBlock;
constexpr int64_t kReadBeyond = 3;            // bytes, since segments are read in fours
constexpr int64_t kCopiedAtOnce = 32 * 1024;  // bytes; less is not worth a thread's while
constexpr int64_t kWorthWhile = 4;  // fours in one short sum, below which 16-bit operands are as fast

int shift_of(const IntegerProblem& problem) { return std::max(0, -problem.least_code); }

// The largest byte that the product may meet, padding included; beyond 255 it does not fit.
int64_t largest_byte(const IntegerProblem& problem) {
  int64_t largest = problem.largest_code;
  for (int64_t c = 0; c < problem.shape.channels; ++c) largest = std::max(largest, problem.zero_of(c));
  return largest + shift_of(problem);
}

class Int8 final : public IntegerAlgorithm {
 public:
  Int8(const IntegerProblem& problem, ByteWeights weights, ShortSums sums);

  std::string name() const override { return weights_.is_dense() ? "int8, dense weights" : "int8"; }
  size_t weight_bytes() const override { return weights_.size_bytes(); }
  size_t scratch_bytes() const override { return weights_.scratch_bytes(); }
  size_t prepared_bytes() const override {
    return is_copied_ ? static_cast<size_t>(shape_.padded_count() + kReadBeyond) : 0;
  }
  int64_t preparations(int64_t rows) const override {
    if (!is_copied_) return 0;
    return ((is_linear_ ? rows : shape_.padded_height()) + rows_at_once_ - 1) / rows_at_once_;
  }
  void prepare(const std::byte* codes, int64_t index, std::byte* prepared, std::byte* scratch) const override;
  void accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared, std::byte* scratch,
                  int32_t* accumulators) const override;

 private:
  void copy_row(const uint8_t* image, int64_t row, uint8_t* padded) const;

  const kernels::ByteConvKernels& kernels_;
  ConvShape shape_;
  Windows windows_;
  ByteWeights weights_;
  ShortSums sums_;
  AlignedVector<int32_t> start_;  // [group][block][kBlock]
  bool is_linear_, is_copied_;
  uint8_t shift_;
  std::vector<uint8_t> padding_;  // one padded row of zero codes, shifted
  int64_t rows_at_once_;          // of the padded image, in one preparation
};

// Pieces of dense weights are narrow and tall, so that a block is unpacked for many pixels.
CutWish wish_for(const ConvShape& shape, const ByteWeights& weights) {
  if (weights.is_dense()) return {.pixels = 256, .channels = kBlock, .block = kBlock};
  return wide_pieces(shape, shape.taps() * shape.group_channels(), kBlock);
}

Int8::Int8(const IntegerProblem& problem, ByteWeights weights, ShortSums sums)
    : IntegerAlgorithm(cut_pieces(problem.shape, wish_for(problem.shape, weights), problem.threads)),
      kernels_(kernels::byte_conv_kernels(problem.isa)),
      shape_(problem.shape),
      windows_(make_windows(shape_, cut().rows_per_piece)),
      weights_(std::move(weights)),
      sums_(sums),
      is_linear_(problem.is_linear),
      shift_(static_cast<uint8_t>(shift_of(problem))),
      rows_at_once_(std::max<int64_t>(1, kCopiedAtOnce / (shape_.padded_width() * shape_.channels))) {
  is_copied_ = shape_.has_padding() || shift_ != 0 || windows_.segment_length % 4 != 0;
  for (int64_t column = 0; column < shape_.padded_width(); ++column)
    for (int64_t c = 0; c < shape_.channels; ++c)
      padding_.push_back(static_cast<uint8_t>(problem.zero_of(c) + shift_));
  start_.assign(static_cast<size_t>(shape_.groups * weights_.blocks_per_group() * kBlock), 0);
  for_weights(problem, [&](int64_t o, int64_t, int64_t element, int16_t weight) {
    const int64_t group = o / shape_.group_outputs(), inside = o % shape_.group_outputs();
    const int64_t channel = group * shape_.group_channels() + element % shape_.group_channels();
    uint32_t start = static_cast<uint32_t>(
        start_[static_cast<size_t>(group * weights_.blocks_per_group() * kBlock + inside)]);
    start -= static_cast<uint32_t>(weight * (problem.zero_of(channel) + shift_));
    start_[static_cast<size_t>(group * weights_.blocks_per_group() * kBlock + inside)] =
        static_cast<int32_t>(start);
  });
}

void Int8::copy_row(const uint8_t* image, int64_t row, uint8_t* padded) const {
  const ConvShape& s = shape_;
  uint8_t* out = padded + row * s.padded_width() * s.channels;
  const int64_t y = row - s.top;
  if (y < 0 || y >= s.height) {
    std::memcpy(out, padding_.data(), padding_.size());
    return;
  }
  const int64_t left = s.left * s.channels, count = s.width * s.channels;
  const uint8_t* codes = image + y * count;
  std::memcpy(out, padding_.data(), static_cast<size_t>(left));
  out += left;
  if (shift_ == 0)
    std::memcpy(out, codes, static_cast<size_t>(count));
  else
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<uint8_t>(codes[i] + shift_);
  std::memcpy(out + count, padding_.data(), static_cast<size_t>(s.right * s.channels));
}

void Int8::prepare(const std::byte* codes, int64_t index, std::byte* prepared, std::byte*) const {
  const int64_t end = std::min((index + 1) * rows_at_once_, shape_.padded_height());
  for (int64_t row = index * rows_at_once_; row < end; ++row)
    copy_row(reinterpret_cast<const uint8_t*>(codes), row, reinterpret_cast<uint8_t*>(prepared));
}

void Int8::accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                      std::byte* scratch, int32_t* accumulators) const {
  const auto* image = reinterpret_cast<const uint8_t*>(is_copied_ ? prepared : codes);
  const Slab& slab = *piece.slab;
  const int64_t block =
      slab.group * weights_.blocks_per_group() + (slab.first - slab.group * shape_.group_outputs()) / kBlock;
  kernels::ByteWindows windows{.x = image + first_element(shape_, piece.first_row, slab.group),
                               .pixels = windows_.pixels.data(),
                               .pixel_count = piece.rows * shape_.out_width,
                               .segments = windows_.segments.data(),
                               .segment_count = static_cast<int64_t>(windows_.segments.size()),
                               .fours = weights_.fours(),
                               .weights = nullptr,
                               .blocks = weights_.is_dense() ? 1 : slab.stride / kBlock,
                               .start = start_.data() + block * kBlock,
                               .accumulators = accumulators,
                               .stride = slab.stride,
                               .short_fours = sums_.fours,
                               .short_segments = sums_.segments};
  for (int64_t done = 0; done < slab.stride; done += windows.blocks * kBlock) {
    windows.weights = weights_.block(kernels_, block + done / kBlock, scratch);
    windows.start = start_.data() + block * kBlock + done;
    windows.accumulators = accumulators + done;
    kernels_.multiply(windows);
  }
}

ByteWeights weights_of(const IntegerProblem& problem) {
  const Windows windows = make_windows(problem.shape, 1);
  return {problem, static_cast<int64_t>(windows.segments.size()), windows.segment_length};
}

// Of no meaning where sums have 32 bits.
ShortSums short_sums_of(const IntegerProblem& problem, const ByteWeights& weights) {
  if (!kernels::byte_conv_kernels(problem.isa).uses_short_sums) return {.fours = 1, .segments = 1};
  return find_short_sums({.weights = weights.bytes(),
                          .block = kBlock,
                          .segments = static_cast<int64_t>(make_windows(problem.shape, 1).segments.size()),
                          .fours = weights.fours(),
                          .largest_byte = largest_byte(problem)});
}

}  // namespace

bool int8_is_exact(const IntegerProblem& problem) {
  const auto is_byte = [&](int64_t c) { return problem.zero_of(c) + shift_of(problem) >= 0; };
  for (int64_t c = 0; c < problem.shape.channels; ++c)
    if (!is_byte(c)) return false;
  if (problem.shape.is_depthwise() || largest_byte(problem) > 255) return false;
  if (std::ranges::any_of(problem.weights, [](int16_t w) { return w < -128 || w > 127; })) return false;
  return !kernels::byte_conv_kernels(problem.isa).uses_short_sums ||
         short_sums_of(problem, weights_of(problem)).fours > 0;
}

bool int8_is_fast(const IntegerProblem& problem) {
  if (!kernels::byte_conv_kernels(problem.isa).uses_short_sums) return true;
  const ShortSums sums = short_sums_of(problem, weights_of(problem));
  return sums.is_everything || sums.fours * sums.segments >= kWorthWhile;
}

std::unique_ptr<IntegerAlgorithm> make_int8(const IntegerProblem& problem) {
  ByteWeights weights = weights_of(problem);
  const ShortSums sums = short_sums_of(problem, weights);
  weights.condense();
  return std::make_unique<Int8>(problem, std::move(weights), sums);
}

}  // namespace pact::engine
