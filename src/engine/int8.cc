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
#include "engine/aligned.h"
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

struct Packed {
  AlignedVector<int8_t> weights;  // [group][block][segment][four][kBlock][4]
  int64_t fours = 0;              // of a segment
  int64_t blocks = 0;             // of a group
  int64_t block_bytes = 0;
};

Packed pack(const IntegerProblem& problem, int64_t segments, int64_t segment_length) {
  const ConvShape& s = problem.shape;
  Packed packed;
  packed.fours = (segment_length + 3) / 4;
  packed.blocks = (s.group_outputs() + kBlock - 1) / kBlock;
  packed.block_bytes = segments * packed.fours * 4 * kBlock;
  packed.weights.assign(static_cast<size_t>(s.groups * packed.blocks * packed.block_bytes), 0);
  for_weights(problem, [&](int64_t o, int64_t segment, int64_t element, int16_t weight) {
    const int64_t group = o / s.group_outputs(), inside = o % s.group_outputs();
    int8_t* block = packed.weights.data() + (group * packed.blocks + inside / kBlock) * packed.block_bytes;
    block[((segment * packed.fours + element / 4) * kBlock + inside % kBlock) * 4 + element % 4] =
        static_cast<int8_t>(weight);
  });
  return packed;
}

class Int8 final : public IntegerAlgorithm {
 public:
  Int8(const IntegerProblem& problem, ShortSums sums);

  std::string name() const override { return "int8"; }
  size_t weight_bytes() const override { return packed_.weights.size(); }
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
  Packed packed_;
  ShortSums sums_;
  AlignedVector<int32_t> start_;  // [group][block][kBlock]
  bool is_linear_, is_copied_;
  uint8_t shift_;
  std::vector<uint8_t> padding_;  // one padded row of zero codes, shifted
  int64_t rows_at_once_;          // of the padded image, in one preparation
};

Int8::Int8(const IntegerProblem& problem, ShortSums sums)
    : IntegerAlgorithm(cut_pieces(problem.shape, {.block = kBlock}, problem.threads)),
      kernels_(kernels::byte_conv_kernels(problem.isa)),
      shape_(problem.shape),
      windows_(make_windows(shape_, cut().rows_per_piece)),
      packed_(pack(problem, static_cast<int64_t>(windows_.segments.size()), windows_.segment_length)),
      sums_(sums),
      is_linear_(problem.is_linear),
      shift_(static_cast<uint8_t>(shift_of(problem))),
      rows_at_once_(std::max<int64_t>(1, kCopiedAtOnce / (shape_.padded_width() * shape_.channels))) {
  is_copied_ = shape_.has_padding() || shift_ != 0 || windows_.segment_length % 4 != 0;
  for (int64_t column = 0; column < shape_.padded_width(); ++column)
    for (int64_t c = 0; c < shape_.channels; ++c)
      padding_.push_back(static_cast<uint8_t>(problem.zero_of(c) + shift_));
  start_.assign(static_cast<size_t>(shape_.groups * packed_.blocks * kBlock), 0);
  for_weights(problem, [&](int64_t o, int64_t, int64_t element, int16_t weight) {
    const int64_t group = o / shape_.group_outputs(), inside = o % shape_.group_outputs();
    const int64_t channel = group * shape_.group_channels() + element % shape_.group_channels();
    uint32_t start =
        static_cast<uint32_t>(start_[static_cast<size_t>(group * packed_.blocks * kBlock + inside)]);
    start -= static_cast<uint32_t>(weight * (problem.zero_of(channel) + shift_));
    start_[static_cast<size_t>(group * packed_.blocks * kBlock + inside)] = static_cast<int32_t>(start);
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

void Int8::accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared, std::byte*,
                      int32_t* accumulators) const {
  const auto* image = reinterpret_cast<const uint8_t*>(is_copied_ ? prepared : codes);
  const Slab& slab = *piece.slab;
  const int64_t block =
      slab.group * packed_.blocks + (slab.first - slab.group * shape_.group_outputs()) / kBlock;
  kernels_.multiply({.x = image + first_element(shape_, piece.first_row, slab.group),
                     .pixels = windows_.pixels.data(),
                     .pixel_count = piece.rows * shape_.out_width,
                     .segments = windows_.segments.data(),
                     .segment_count = static_cast<int64_t>(windows_.segments.size()),
                     .fours = packed_.fours,
                     .weights = packed_.weights.data() + block * packed_.block_bytes,
                     .blocks = slab.stride / kBlock,
                     .start = start_.data() + block * kBlock,
                     .accumulators = accumulators,
                     .stride = slab.stride,
                     .short_fours = sums_.fours,
                     .short_segments = sums_.segments});
}

ShortSums short_sums_of(const IntegerProblem& problem) {
  const Windows windows = make_windows(problem.shape, 1);
  const auto segments = static_cast<int64_t>(windows.segments.size());
  const Packed packed = pack(problem, segments, windows.segment_length);
  return find_short_sums({.weights = packed.weights,
                          .block = kBlock,
                          .segments = segments,
                          .fours = packed.fours,
                          .largest_byte = largest_byte(problem)});
}

}  // namespace

bool int8_is_exact(const IntegerProblem& problem) {
  const auto is_byte = [&](int64_t c) { return problem.zero_of(c) + shift_of(problem) >= 0; };
  for (int64_t c = 0; c < problem.shape.channels; ++c)
    if (!is_byte(c)) return false;
  if (problem.shape.is_depthwise() || largest_byte(problem) > 255) return false;
  if (std::ranges::any_of(problem.weights, [](int16_t w) { return w < -128 || w > 127; })) return false;
  return !kernels::byte_conv_kernels(problem.isa).uses_short_sums || short_sums_of(problem).fours > 0;
}

bool int8_is_fast(const IntegerProblem& problem) {
  if (!kernels::byte_conv_kernels(problem.isa).uses_short_sums) return true;
  const ShortSums sums = short_sums_of(problem);
  return sums.is_everything || sums.fours * sums.segments >= kWorthWhile;
}

std::unique_ptr<IntegerAlgorithm> make_int8(const IntegerProblem& problem) {
  const bool is_short = kernels::byte_conv_kernels(problem.isa).uses_short_sums;
  return std::make_unique<Int8>(problem, is_short ? short_sums_of(problem) : ShortSums{});
}

}  // namespace pact::engine
