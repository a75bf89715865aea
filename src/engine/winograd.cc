// Winograd convolutions (kernels/winograd): 3x3 windows at stride 1, exact, with 2.25 or 4 times fewer
// multiplications than a direct product, for transforms that cost about as much as a product over 16
// channels.
//
// The tiles of an image are transformed first and lie there for all slabs; or, where that would not fit into
// the cache beside the weights, each piece transforms its own and has all output channels.
//
// Transformed weights take 3.6 (2x2) or 8 bytes (4x4). Where they would exceed a layer's share of the cache,
// a run would wait for memory; the taps are then kept as bytes, and each piece transforms them, a panel of
// channels at a time.
#include <algorithm>
#include <vector>

#include "engine/algorithms.h"
#include "engine/aligned.h"
#include "engine/winograd_cut.h"
#include "kernels/winograd/weights.h"

namespace pact::engine {
namespace {

using kernels::WinogradForm;

constexpr int64_t kBlock = kWinogradBlock;
constexpr int64_t kPreparedByEach = 64 * 1024;  // of tiles that every thread may transform for itself
constexpr int64_t kNearShortcut = 256 * 1024;   // numbers: a megabyte, a core's second cache
constexpr int64_t kPanelPairs = 32;             // of channels whose weights are transformed at a time

template <typename T>
AlignedVector<T> aligned(const std::vector<T>& elements) {
  return {elements.begin(), elements.end()};
}

class Winograd final : public IntegerAlgorithm {
 public:
  Winograd(const IntegerProblem& problem, WinogradForm form);

  std::string name() const override { return form_ == WinogradForm::f2x2 ? "winograd2x2" : "winograd4x4"; }
  size_t weight_bytes() const override { return weights_.size() * sizeof(int16_t) + taps_.size(); }
  size_t prepared_bytes() const override {
    return is_prepared() ? static_cast<size_t>(tiling_.v_bytes(all_rows())) : 0;
  }
  size_t scratch_bytes() const override {
    return static_cast<size_t>(m_bytes() + u_bytes() + (is_prepared() ? 0 : tiling_.v_bytes(piece_rows())));
  }
  int64_t preparations(int64_t rows) const override { return is_prepared() ? tiling_.tile_rows(0, rows) : 0; }
  void prepare(const std::byte* codes, int64_t rows, int64_t index, std::byte* prepared) const override;
  bool prepares_by_piece() const override {
    return is_prepared() && tiling_.v_bytes(all_rows()) <= kPreparedByEach;
  }
  Preparations preparations_of(const Piece& piece) const override {
    const int64_t first = tiling_.tile_row_of(piece.first_row);
    return {first, first + tiling_.tile_rows(piece.first_row, piece.rows)};
  }
  void accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared, std::byte* scratch,
                  int32_t* accumulators) const override;
  bool can_finish(const kernels::Requantize& outputs) const override;
  void accumulate_to(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                     std::byte* scratch, const kernels::Requantize& outputs) const override;

 private:
  bool is_prepared() const { return cut().slabs.size() > 1; }
  // Of tiles: of the largest group, and of the largest piece.
  int64_t all_rows() const { return cut().images * tiling_.rows; }
  int64_t piece_rows() const { return tiling_.tile_rows(0, cut().rows_per_piece); }

  // A worker's scratch: products, a panel of weights, tiles.
  int64_t m_plane() const {
    return plane_stride<int32_t>(piece_rows() * tiling_.columns * kBlocksAtOnce * kBlock);
  }
  int64_t m_bytes() const { return tiling_.planes * m_plane() * 4; }
  int64_t u_plane() const { return plane_stride<int16_t>(kPanelPairs * 2 * kBlock); }
  int64_t u_bytes() const { return taps_.empty() ? 0 : kBlocksAtOnce * tiling_.planes * u_plane() * 2; }

  // Row `tile_row` of tiles of the piece [first, end), whose tiles begin at `out`, in planes that are `plane` apart.
  void transform(const std::byte* codes, int64_t first, int64_t end, int64_t tile_row, int64_t plane,
                 int16_t* out) const;
  // Calls finish(row of the piece, column, first channel, output) for each row of tiles, those of the right edge apart,
  // by some blocks of channels; `output` has all but y. Unless null, `shortcut` is asked for ahead.
  template <typename Finish>
  void each_product(const Piece& piece, const std::byte* codes, const std::byte* prepared, std::byte* scratch,
                    const float* shortcut, const Finish& finish) const;
  kernels::Foreseen foreseen(const Piece& piece, const float* shortcut, int64_t block, int64_t blocks) const;
  template <typename Finish>
  void finish_row(const Piece& piece, int64_t first, int64_t end, int64_t tile_row, int64_t block,
                  int64_t blocks, const int32_t* m, const Finish& finish) const;
  // `product`, all but its weights, with those of the blocks from `block` on.
  void multiply(kernels::WinogradProduct product, int64_t block, int16_t* panel) const;

  const kernels::WinogradKernels& kernels_;
  WinogradForm form_;
  ConvShape shape_;
  Tiling tiling_;
  kernels::CodeBytes bytes_;
  int64_t pairs_;
  AlignedVector<int16_t> weights_;  // either these
  AlignedVector<int8_t> taps_;      // or these
  std::vector<int16_t> zero_;
  std::vector<uint8_t> outside_;  // a pixel of zero codes
  bool is_far_;                   // whether a shortcut of all images exceeds the second cache
};

Winograd::Winograd(const IntegerProblem& problem, WinogradForm form)
    : IntegerAlgorithm(winograd_cut(problem, form)),
      kernels_(kernels::winograd_kernels(problem.isa)),
      form_(form),
      shape_(problem.shape),
      tiling_(form, problem.shape),
      bytes_(problem.has_signed_codes ? kernels::CodeBytes::i8 : kernels::CodeBytes::u8),
      pairs_(kernels::winograd_pairs(shape_.channels)),
      zero_(problem.zero),
      is_far_(problem.images * shape_.out_height * shape_.out_width * shape_.outputs > kNearShortcut) {
  if (has_panels(problem, form))
    taps_ = aligned(kernels::winograd_taps(shape_.outputs, shape_.channels, problem.weights));
  else
    weights_ = aligned(kernels::winograd_weights(form, shape_.outputs, shape_.channels, problem.weights));
  for (int64_t c = 0; c < shape_.channels; ++c) outside_.push_back(static_cast<uint8_t>(problem.zero_of(c)));
}

void Winograd::transform(const std::byte* codes, int64_t first, int64_t end, int64_t tile_row, int64_t plane,
                         int16_t* out) const {
  const int64_t image_bytes = shape_.height * shape_.width * shape_.channels;
  const Tiling::Position position = tiling_.position(first, end, tile_row);
  kernels::WinogradInput input{
      .form = form_,
      .tile = tiling_.tile_of(tile_row),
      .bytes = bytes_,
      .image = reinterpret_cast<const uint8_t*>(codes) + tile_row / tiling_.rows * image_bytes,
      .height = shape_.height,
      .width = shape_.width,
      .channels = shape_.channels,
      .zero = zero_.empty() ? nullptr : zero_.data(),
      .outside = outside_.data(),
      .row = tile_row % tiling_.rows * tiling_.tile - shape_.top,
      .column = -shape_.left,
      .tiles = tiling_.inner_columns(),
      .out = out + position.inner * tiling_.stride,
      .tile_stride = tiling_.stride,
      .plane_stride = plane};
  kernels_.transform_input(input);
  if (!tiling_.has_right()) return;
  input.tile.columns = tiling_.edge.columns;
  input.column += tiling_.inner_columns() * tiling_.tile;
  input.tiles = 1;
  input.out = out + position.right * tiling_.stride;
  kernels_.transform_input(input);
}

void Winograd::prepare(const std::byte* codes, int64_t rows, int64_t index, std::byte* prepared) const {
  const int64_t all = tiling_.tile_rows(0, rows), first = index / piece_rows() * piece_rows();
  transform(codes, first, std::min(first + piece_rows(), all), index, tiling_.v_plane(all_rows()),
            reinterpret_cast<int16_t*>(prepared) + first * tiling_.columns * tiling_.stride);
}

void Winograd::multiply(kernels::WinogradProduct product, int64_t block, int16_t* panel) const {
  if (taps_.empty()) {
    product.pairs = pairs_;
    product.u_plane_stride = pairs_ * 2 * kBlock;
    product.u_block_stride = tiling_.planes * product.u_plane_stride;
    product.u = weights_.data() + block * product.u_block_stride;
    kernels_.multiply(product);
    return;
  }
  product.u_plane_stride = u_plane();
  product.u_block_stride = tiling_.planes * u_plane();
  product.u = panel;
  for (int64_t first = 0; first < pairs_; first += kPanelPairs) {
    product.pairs = std::min(kPanelPairs, pairs_ - first);
    for (int64_t b = 0; b < product.blocks; ++b)
      kernels_.transform_weights({.form = form_,
                                  .taps = taps_.data() + ((block + b) * pairs_ + first) * 9 * 2 * kBlock,
                                  .pairs = product.pairs,
                                  .u = panel + b * product.u_block_stride,
                                  .u_plane_stride = product.u_plane_stride});
    kernels_.multiply(product);
    product.sums = kernels::Sums::added;
    product.v += 2 * kPanelPairs;
  }
}

// The numbers that some blocks of channels of a piece are added to, which begins with `shortcut`.
kernels::Foreseen Winograd::foreseen(const Piece& piece, const float* shortcut, int64_t block,
                                     int64_t blocks) const {
  if (!shortcut) return {};
  return {.rows = reinterpret_cast<const std::byte*>(shortcut + block * kBlock),
          .count = piece.rows * shape_.out_width,
          .stride = shape_.outputs * int64_t{sizeof(float)},
          .bytes = blocks * kBlock * int64_t{sizeof(float)}};
}

template <typename Finish>
void Winograd::each_product(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                            std::byte* scratch, const float* shortcut, const Finish& finish) const {
  const int64_t first = tiling_.tile_row_of(piece.first_row);
  const int64_t end = first + tiling_.tile_rows(piece.first_row, piece.rows);
  auto* m = reinterpret_cast<int32_t*>(scratch);
  auto* panel = reinterpret_cast<int16_t*>(scratch + m_bytes());
  const int16_t* v =
      reinterpret_cast<const int16_t*>(prepared) + first * tiling_.columns * tiling_.stride;
  if (!is_prepared()) {
    auto* own = reinterpret_cast<int16_t*>(scratch + m_bytes() + u_bytes());
    for (int64_t row = first; row < end; ++row)
      transform(codes, first, end, row, tiling_.v_plane(piece_rows()), own);
    v = own;
  }
  const int64_t blocks = piece.slab->stride / kBlock;
  for (int64_t b = 0; b < blocks; b += kBlocksAtOnce) {
    const int64_t count = std::min(kBlocksAtOnce, blocks - b);
    multiply({.form = form_,
              .v = v,
              .v_tile_stride = tiling_.stride,
              .v_plane_stride = tiling_.v_plane(is_prepared() ? all_rows() : piece_rows()),
              .tiles = tiling_.tiles(first, end),
              .pairs = 0,
              .blocks = count,
              .u = nullptr,
              .u_block_stride = 0,
              .u_plane_stride = 0,
              .sums = kernels::Sums::fresh,
              .m = m,
              .m_plane_stride = m_plane(),
              .foreseen = foreseen(piece, shortcut, b, count)},
             piece.slab->first / kBlock + b, panel);
    for (int64_t row = first; row < end; ++row) finish_row(piece, first, end, row, b, count, m, finish);
  }
}

template <typename Finish>
void Winograd::finish_row(const Piece& piece, int64_t first, int64_t end, int64_t tile_row, int64_t block,
                          int64_t blocks, const int32_t* m, const Finish& finish) const {
  const Tiling::Position position = tiling_.position(first, end, tile_row);
  const int64_t row = tiling_.first_row_of(tile_row) - piece.first_row, width = blocks * kBlock;
  const int64_t inner = tiling_.inner_columns() * tiling_.tile;
  kernels::WinogradOutput output{
      .form = form_,
      .tile = tiling_.tile_of(tile_row),
      .m = m + position.inner * width,
      .m_plane_stride = m_plane(),
      .tiles = tiling_.inner_columns(),
      .width = width,
      .rows = std::min(tiling_.tile, shape_.out_height - tile_row % tiling_.rows * tiling_.tile),
      .columns = std::min(inner, shape_.out_width),
      .row_pixels = shape_.out_width,
      .y = nullptr,
      .pixel_stride = piece.slab->stride,
      .row_stride = shape_.out_width * piece.slab->stride};
  finish(row, 0, block * kBlock, output);
  if (!tiling_.has_right()) return;
  output.tile.columns = tiling_.edge.columns;
  output.m = m + position.right * width;
  output.tiles = 1;
  output.columns = shape_.out_width - inner;
  finish(row, inner, block * kBlock, output);
}

void Winograd::accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                          std::byte* scratch, int32_t* accumulators) const {
  each_product(piece, codes, prepared, scratch, nullptr,
               [&](int64_t row, int64_t column, int64_t channel, kernels::WinogradOutput output) {
                 output.y =
                     accumulators + row * output.row_stride + column * output.pixel_stride + channel;
                 kernels_.transform_output(output);
               });
}

bool Winograd::can_finish(const kernels::Requantize& outputs) const {
  return kernels_.transform_and_requantize && shape_.outputs % kBlock == 0 && kernels::can_finish(outputs);
}

void Winograd::accumulate_to(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                             std::byte* scratch, const kernels::Requantize& outputs) const {
  each_product(piece, codes, prepared, scratch, is_far_ ? outputs.shortcut : nullptr,
               [&](int64_t row, int64_t column, int64_t channel, const kernels::WinogradOutput& output) {
                 kernels_.transform_and_requantize(
                     output, kernels::part_of(outputs, row * shape_.out_width + column, channel));
               });
}

}  // namespace

std::unique_ptr<IntegerAlgorithm> make_winograd_2x2(const IntegerProblem& problem) {
  return std::make_unique<Winograd>(problem, WinogradForm::f2x2);
}

std::unique_ptr<IntegerAlgorithm> make_winograd_4x4(const IntegerProblem& problem) {
  return std::make_unique<Winograd>(problem, WinogradForm::f4x4);
}

}  // namespace pact::engine
