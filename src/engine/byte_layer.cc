#include "engine/byte_layer.h"

#include <algorithm>
#include <cstring>

namespace pact::engine {
namespace {

constexpr int64_t kReadBeyond = 3;            // bytes, since segments are read in fours
constexpr int64_t kCopiedAtOnce = 32 * 1024;  // bytes; less is not worth a thread's while
constexpr int64_t kCopiedByEach = 8 * 1024;   // bytes that every thread may copy

int shift_of(const IntegerProblem& problem) { return std::max(0, -problem.least_code); }

bool fit_bytes(const IntegerProblem& problem) {
  return std::ranges::all_of(problem.weights, [](int16_t w) { return w >= -128 && w <= 127; });
}
bool are_odd(const IntegerProblem& problem) {
  return std::ranges::all_of(problem.weights, [](int16_t w) { return w % 2 != 0 && w >= -255 && w <= 255; });
}

// to[i] = from[i] + shift modulo 256, eight at a time: the sums of the low bits leave room for their carries.
void move_up(const uint8_t* from, int64_t count, uint8_t shift, uint8_t* to) {
  constexpr uint64_t kEach = 0x0101010101010101u, kTops = 0x80 * kEach;
  const uint64_t added = shift * kEach;
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t bytes;
    std::memcpy(&bytes, from + i, sizeof bytes);
    bytes = ((bytes & ~kTops) + (added & ~kTops)) ^ ((bytes ^ added) & kTops);
    std::memcpy(to + i, &bytes, sizeof bytes);
  }
  for (; i < count; ++i) to[i] = static_cast<uint8_t>(from[i] + shift);
}

// For a pixel or two at the ends of each row: a call would take longer.
void copy_few(const uint8_t* from, int64_t count, uint8_t* to) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) std::memcpy(to + i, from + i, 16);
  for (; i < count; ++i) to[i] = from[i];
}

// What sums begin with: of windows that have these segments within the image.
AlignedVector<int32_t> start_of(const IntegerProblem& problem, int64_t blocks_per_group,
                                const KernelRows& segments) {
  constexpr int64_t kBlock = kernels::ByteConvKernels::kBlock;
  const ConvShape& s = problem.shape;
  const int shift = shift_of(problem);
  AlignedVector<int32_t> starts(static_cast<size_t>(s.groups * blocks_per_group * kBlock), 0);
  for_weights(problem, [&](int64_t o, int64_t segment, int64_t element, int16_t weight) {
    if (segment < segments.first || segment >= segments.first + segments.count) return;
    const int64_t group = o / s.group_outputs(), inside = o % s.group_outputs();
    const int64_t channel = group * s.group_channels() + element % s.group_channels();
    int32_t& start = starts[static_cast<size_t>(group * blocks_per_group * kBlock + inside)];
    start = static_cast<int32_t>(static_cast<uint32_t>(start) -
                                 static_cast<uint32_t>(weight * (problem.zero_of(channel) + shift)));
  });
  return starts;
}

}  // namespace

int64_t largest_byte(const IntegerProblem& problem) {
  int64_t largest = problem.largest_code;
  for (int64_t c = 0; c < problem.shape.channels; ++c) largest = std::max(largest, problem.zero_of(c));
  return largest + shift_of(problem);
}

bool are_bytes(const IntegerProblem& problem) {
  const auto is_byte = [&](int64_t c) { return problem.zero_of(c) + shift_of(problem) >= 0; };
  for (int64_t c = 0; c < problem.shape.channels; ++c)
    if (!is_byte(c)) return false;
  if (problem.shape.is_depthwise() || largest_byte(problem) > 255) return false;
  return fit_bytes(problem) || are_odd(problem);
}

ByteWeights byte_weights_of(const IntegerProblem& problem) {
  const Windows windows = make_windows(problem.shape, 1);
  const auto segments = static_cast<int64_t>(windows.segments.size());
  if (fit_bytes(problem)) return {problem, segments, windows.segment_length};
  IntegerProblem halved = problem;
  for (int16_t& w : halved.weights) w = static_cast<int16_t>((w - 1) / 2);
  return {halved, segments, windows.segment_length};
}

ByteLayer::ByteLayer(const IntegerProblem& problem, ByteWeights weights, const CutWish& wish)
    : IntegerAlgorithm(cut_pieces(problem.shape, wish, problem.threads)),
      weights_(std::move(weights)),
      windows_(make_windows(problem.shape, cut().rows_per_piece)),
      odd_kernels_(kernels::odd_weights_kernels(problem.isa)),
      shape_(problem.shape),
      is_linear_(problem.is_linear),
      shift_(static_cast<uint8_t>(shift_of(problem))),
      rows_at_once_(std::max<int64_t>(1, kCopiedAtOnce / (shape_.padded_width() * shape_.channels))) {
  is_copied_ = shape_.has_padding() || shift_ != 0 || windows_.segment_length % 4 != 0;
  by_piece_ =
      is_copied_ && !is_linear_ && (cut().slabs.size() == 1 || shape_.padded_count() <= kCopiedByEach);
  if (by_piece_) rows_at_once_ = 1;
  for (int64_t column = 0; column < shape_.padded_width(); ++column)
    for (int64_t c = 0; c < shape_.channels; ++c)
      padding_.push_back(static_cast<uint8_t>(problem.zero_of(c) + shift_));
  start_ = start_of(problem, weights_.blocks_per_group(),
                    {.first = 0, .count = static_cast<int64_t>(windows_.segments.size())});
  if (!fit_bytes(problem)) zeros_.assign(start_.size(), 0);
}

bool ByteLayer::may_be_unpadded() const {
  for (int64_t row = 0; row < shape_.out_height; ++row)
    if (rows_within(shape_, row).count == 0) return false;
  const bool has_one_beside = shape_.left == 1 && shape_.right == 1 && shape_.out_width == shape_.width;
  return has_one_beside && rows_are_segments(shape_) && shape_.group_outputs() % kBlock == 0 && shift_ == 0 &&
         !has_odd_weights() && cut().images == 1;
}

void ByteLayer::leave_unpadded(const IntegerProblem& problem) {
  is_copied_ = by_piece_ = false;
  ConvShape shape = shape_;
  shape.left = shape.right = 0;
  unpadded_.windows = make_windows(shape, cut().rows_per_piece);
  KernelRows last;
  for (int64_t row = 0; row < shape_.out_height; ++row) {
    const KernelRows rows = rows_within(shape_, row);
    if (rows != last) {
      const auto start = start_of(problem, weights_.blocks_per_group(), rows);
      unpadded_.start.insert(unpadded_.start.end(), start.begin(), start.end());
    }
    unpadded_.rows.push_back({.first_segment = rows.first,
                              .segment_count = rows.count,
                              .start = static_cast<int64_t>(unpadded_.start.size() - start_.size())});
    last = rows;
  }
  const auto pixel = static_cast<size_t>(shape_.channels);
  unpadded_.outside.resize(static_cast<size_t>(unpadded_.windows.segments.back()) + pixel);
  for (size_t i = 0; i < unpadded_.outside.size(); ++i) unpadded_.outside[i] = padding_[i % pixel];
}

size_t ByteLayer::prepared_bytes() const {
  return is_copied_ ? static_cast<size_t>(shape_.padded_count() + kReadBeyond) : 0;
}

int64_t ByteLayer::preparations(int64_t rows) const {
  if (!is_copied_) return 0;
  return ((is_linear_ ? rows : shape_.padded_height()) + rows_at_once_ - 1) / rows_at_once_;
}

Preparations ByteLayer::preparations_of(const Piece& piece) const {
  const int64_t first = piece.first_row * shape_.stride_y;
  return {first,
          first + (piece.rows - 1) * shape_.stride_y + (shape_.kernel_height - 1) * shape_.dilation_y + 1};
}

// Row `row` of the padded image.
void ByteLayer::copy_row(const uint8_t* image, int64_t row, uint8_t* out) const {
  const ConvShape& s = shape_;
  const int64_t y = row - s.top;
  if (y < 0 || y >= s.height) {
    std::memcpy(out, padding_.data(), padding_.size());
    return;
  }
  const int64_t left = s.left * s.channels, count = s.width * s.channels;
  const uint8_t* codes = image + y * count;
  copy_few(padding_.data(), left, out);
  out += left;
  if (shift_ == 0)
    std::memcpy(out, codes, static_cast<size_t>(count));
  else
    move_up(codes, count, shift_, out);
  copy_few(padding_.data(), s.right * s.channels, out + count);
}

void ByteLayer::prepare(const std::byte* codes, int64_t, int64_t index, std::byte* prepared) const {
  const int64_t end = std::min((index + 1) * rows_at_once_, shape_.padded_height());
  for (int64_t row = index * rows_at_once_; row < end; ++row)
    copy_row(reinterpret_cast<const uint8_t*>(codes), row,
             reinterpret_cast<uint8_t*>(prepared) + row * padded_row_bytes());
}

ByteLayer::Product ByteLayer::product_of(const Piece& piece, const std::byte* codes,
                                         const std::byte* prepared) const {
  const Slab& slab = *piece.slab;
  const uint8_t* x = reinterpret_cast<const uint8_t*>(is_copied_ ? prepared : codes) +
                     first_element(shape_, piece.first_row, slab.group);
  const int64_t block =
      slab.group * weights_.blocks_per_group() + (slab.first - slab.group * shape_.group_outputs()) / kBlock;
  const int32_t* start = has_odd_weights() ? zeros_.data() : start_.data() + block * kBlock;
  return {.block = block,
          .pixels = piece.rows * shape_.out_width,
          .x = x,
          .start = start,
          .windows = &windows_};
}

kernels::OddWindows ByteLayer::odd_windows_of(const Product& product) const {
  return {.x = product.x,
          .pixels = windows_.pixels.data(),
          .pixel_count = product.pixels,
          .segments = windows_.segments.data(),
          .segment_count = static_cast<int64_t>(windows_.segments.size()),
          .length = windows_.segment_length,
          .start = start_.data() + product.block * kBlock,
          .accumulators = product.accumulators,
          .width = 0,
          .stride = 0};
}

// The algorithm's own for weights, whole lines; then the sums of a piece's windows, or what `accumulate` copies.
size_t ByteLayer::scratch_bytes() const {
  const auto pixels = static_cast<size_t>(cut().rows_per_piece * shape_.out_width);
  size_t bytes = weights_.scratch_bytes();
  if (has_odd_weights() && can_requantize()) bytes += pixels * sizeof(int32_t);
  if (is_unpadded()) {
    const Preparations rows =
        preparations_of({.slab = nullptr, .first_row = 0, .rows = cut().rows_per_piece});
    bytes += static_cast<size_t>(rows.end * padded_row_bytes() + kReadBeyond);
  }
  return bytes;
}

// Unless channels are missing in a block.
bool ByteLayer::can_finish(const kernels::Requantize& outputs) const {
  return can_requantize() && shape_.group_outputs() % kBlock == 0 && kernels::can_finish(outputs);
}

void ByteLayer::accumulate_to(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                              std::byte* scratch, const kernels::Requantize& outputs) const {
  Product product = product_of(piece, codes, prepared);
  product.outputs = &outputs;
  if (is_unpadded()) {
    const int64_t y = piece.first_row * shape_.stride_y - shape_.top;
    product.x = reinterpret_cast<const uint8_t*>(codes) + (y * shape_.width - shape_.left) * shape_.channels;
    product.start = unpadded_.start.data() + product.block * kBlock;
    product.windows = &unpadded_.windows;
    product.outside = unpadded_.outside.data();
    product.rows = unpadded_.rows.data() + piece.first_row;
  }
  if (has_odd_weights()) {
    auto* sums = reinterpret_cast<int32_t*>(scratch + weights_.scratch_bytes());
    const kernels::OddWindows windows = odd_windows_of(product);
    odd_kernels_.sum_windows(windows, sums);
    product.window_sums = sums;
    product.odd_start = windows.start;
  }
  multiply(*piece.slab, product, scratch);
}

// What is stored comes from a padded copy in any case: where there is none, that of the piece's rows.
void ByteLayer::accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                           std::byte* scratch, int32_t* accumulators) const {
  const Slab& slab = *piece.slab;
  Product product = product_of(piece, codes, prepared);
  if (is_unpadded()) {
    auto* padded = reinterpret_cast<uint8_t*>(scratch + weights_.scratch_bytes());
    const Preparations rows = preparations_of(piece);
    for (int64_t row = rows.begin; row < rows.end; ++row)
      copy_row(reinterpret_cast<const uint8_t*>(codes), row,
               padded + (row - rows.begin) * padded_row_bytes());
    product.x = padded;
  }
  product.accumulators = accumulators;
  multiply(slab, product, scratch);
  if (!has_odd_weights()) return;
  kernels::OddWindows windows = odd_windows_of(product);
  windows.width = windows.stride = slab.stride;
  odd_kernels_.finish(windows);
}

}  // namespace pact::engine
