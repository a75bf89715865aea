// Products of 16-bit integers: exact for every layer, whatever the codes are. The codes of an image are
// widened, their zero codes taken off, into a padded copy; after that padding is 0 and needs no case of its
// own.
#include <cstring>
#include <vector>

#include "engine/algorithms.h"
#include "engine/aligned.h"
#include "engine/windows.h"
#include "kernels/integer_conv/integer_conv.h"

namespace pact::engine {
namespace {

constexpr int64_t kBlock = kernels::IntegerConvKernels::kBlock;

class Int16 : public IntegerAlgorithm {
 public:
  explicit Int16(const IntegerProblem& problem);

  std::string name() const override { return "int16"; }
  size_t weight_bytes() const override { return weights_.size() * sizeof(int16_t); }
  size_t prepared_bytes() const override {
    return static_cast<size_t>(shape_.padded_count() + 1) * sizeof(int16_t);
  }
  int64_t preparations(int64_t rows) const override {
    return ((is_linear_ ? rows : shape_.padded_height()) + rows_at_once_ - 1) / rows_at_once_;
  }
  void prepare(const std::byte* codes, int64_t rows, int64_t index, std::byte* prepared) const override;
  void accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared, std::byte* scratch,
                  int32_t* accumulators) const override;

 protected:
  kernels::IntegerWindows windows_of(const Piece& piece, const std::byte* prepared,
                                     int32_t* accumulators) const;

  const kernels::IntegerConvKernels& kernels_;
  ConvShape shape_;
  AlignedVector<int16_t> weights_;
  Windows windows_;

 private:
  void pack(const IntegerProblem& problem);
  void widen_row(const std::byte* image, int64_t row, int16_t* padded) const;

  bool is_linear_, is_signed_;
  std::vector<int16_t> zero_;
  int64_t rows_at_once_;    // of the padded image, in one preparation
  int64_t pairs_ = 0;       // of a segment
  int64_t blocks_ = 0;      // of a group
  int64_t block_size_ = 0;  // weights of a block
};

CutWish wish_for(const ConvShape& shape) {
  return wide_pieces(shape, shape.taps() * shape.group_channels() * int64_t{sizeof(int16_t)}, kBlock);
}

Int16::Int16(const IntegerProblem& problem)
    : IntegerAlgorithm(cut_pieces(problem.shape, wish_for(problem.shape), problem.threads)),
      kernels_(kernels::integer_conv_kernels(problem.isa)),
      shape_(problem.shape),
      windows_(make_windows(problem.shape, cut().rows_per_piece)),
      is_linear_(problem.is_linear),
      is_signed_(problem.has_signed_codes),
      zero_(problem.zero),
      rows_at_once_(std::max<int64_t>(1, 16384 / (shape_.padded_width() * shape_.channels))) {
  if (!shape_.is_depthwise()) pack(problem);
}

void Int16::pack(const IntegerProblem& problem) {
  pairs_ = (windows_.segment_length + 1) / 2;
  blocks_ = (shape_.group_outputs() + kBlock - 1) / kBlock;
  block_size_ = static_cast<int64_t>(windows_.segments.size()) * pairs_ * 2 * kBlock;
  weights_.assign(static_cast<size_t>(shape_.groups * blocks_ * block_size_), 0);
  for_weights(problem, [&](int64_t o, int64_t segment, int64_t element, int16_t weight) {
    const int64_t group = o / shape_.group_outputs(), inside = o % shape_.group_outputs();
    int16_t* block = weights_.data() + (group * blocks_ + inside / kBlock) * block_size_;
    block[((segment * pairs_ + element / 2) * kBlock + inside % kBlock) * 2 + element % 2] = weight;
  });
}

void Int16::widen_row(const std::byte* image, int64_t row, int16_t* padded) const {
  const ConvShape& s = shape_;
  int16_t* out = padded + row * s.padded_width() * s.channels;
  const int64_t y = row - s.top;
  if (y < 0 || y >= s.height) {
    std::memset(out, 0, static_cast<size_t>(s.padded_width() * s.channels) * sizeof(int16_t));
    return;
  }
  const int64_t left = s.left * s.channels, count = s.width * s.channels;
  const std::byte* codes = image + y * count;
  std::memset(out, 0, static_cast<size_t>(left) * sizeof(int16_t));
  out += left;
  if (is_signed_)
    kernels_.widen_i8(count, reinterpret_cast<const int8_t*>(codes), out);
  else
    kernels_.widen_u8(count, reinterpret_cast<const uint8_t*>(codes), out);
  if (!zero_.empty())
    for (int64_t i = 0; i < count; i += s.channels)
      for (int64_t c = 0; c < s.channels; ++c)
        out[i + c] = static_cast<int16_t>(out[i + c] - zero_[static_cast<size_t>(c)]);
  std::memset(out + count, 0, static_cast<size_t>(s.right * s.channels) * sizeof(int16_t));
}

void Int16::prepare(const std::byte* codes, int64_t, int64_t index, std::byte* prepared) const {
  // A linear layer's image has a row for each of the most images; those beyond the batch are codes of earlier
  // runs, and harmless.
  const int64_t end = std::min((index + 1) * rows_at_once_, shape_.padded_height());
  for (int64_t row = index * rows_at_once_; row < end; ++row)
    widen_row(codes, row, reinterpret_cast<int16_t*>(prepared));
}

kernels::IntegerWindows Int16::windows_of(const Piece& piece, const std::byte* prepared,
                                          int32_t* accumulators) const {
  const auto* padded = reinterpret_cast<const int16_t*>(prepared);
  return {.x = padded + first_element(shape_, piece.first_row, piece.slab->group),
          .pixels = windows_.pixels.data(),
          .pixel_count = piece.rows * shape_.out_width,
          .segments = windows_.segments.data(),
          .segment_count = static_cast<int64_t>(windows_.segments.size()),
          .length = pairs_,
          .weights = weights_.data(),
          .accumulators = accumulators,
          .stride = piece.slab->stride};
}

void Int16::accumulate(const Piece& piece, const std::byte*, const std::byte* prepared, std::byte*,
                       int32_t* accumulators) const {
  kernels::IntegerWindows windows = windows_of(piece, prepared, accumulators);
  const int64_t inside = piece.slab->first - piece.slab->group * shape_.group_outputs();
  windows.weights += (piece.slab->group * blocks_ + inside / kBlock) * block_size_;
  for (int64_t o = 0; o < piece.slab->stride; o += kBlock) {
    kernels_.multiply(windows);
    windows.weights += block_size_;
    windows.accumulators += kBlock;
  }
}

class Depthwise final : public Int16 {
 public:
  explicit Depthwise(const IntegerProblem& problem) : Int16(problem) {
    weights_.resize(problem.weights.size());
    for (int64_t c = 0; c < shape_.channels; ++c)
      for (int64_t tap = 0; tap < shape_.taps(); ++tap)
        weights_[static_cast<size_t>(tap * shape_.channels + c)] =
            problem.weights[static_cast<size_t>(c * shape_.taps() + tap)];
  }

  std::string name() const override { return "depthwise"; }
  void accumulate(const Piece& piece, const std::byte*, const std::byte* prepared, std::byte*,
                  int32_t* accumulators) const override {
    kernels::IntegerWindows windows = windows_of(piece, prepared, accumulators);
    windows.length = shape_.channels;
    kernels_.depthwise(windows);
  }
};

}  // namespace

std::unique_ptr<IntegerAlgorithm> make_int16(const IntegerProblem& problem) {
  return std::make_unique<Int16>(problem);
}

std::unique_ptr<IntegerAlgorithm> make_depthwise(const IntegerProblem& problem) {
  return std::make_unique<Depthwise>(problem);
}

}  // namespace pact::engine
