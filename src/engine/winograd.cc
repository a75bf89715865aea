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
#include "kernels/winograd/weights.h"
#include "kernels/winograd/winograd.h"

namespace pact::engine {
namespace {

using kernels::WinogradForm;

constexpr int64_t kBlock = kernels::WinogradKernels::kBlock;
constexpr int64_t kBlocksAtOnce = 2;            // products of so many blocks wait for their transform
constexpr int64_t kPreparedBytes = 384 * 1024;  // of transformed tiles that may share the cache of a core
constexpr int64_t kPreparedByEach = 64 * 1024;  // of those that every thread may transform for itself
constexpr int64_t kReadyBytes = 5120 * 1024;    // of transformed weights that are kept
constexpr int64_t kPanelPairs = 32;             // of channels whose weights are transformed at a time

int64_t parts(int64_t count, int64_t unit) { return (count + unit - 1) / unit; }

// A stride of planes, in bytes a multiple of 64 but not of 128: neighbours in all planes then lie in
// different sets of the cache.
template <typename Element>
int64_t plane_stride(int64_t elements) {
  constexpr int64_t line = 64 / sizeof(Element);
  return (parts(elements, line) | 1) * line;
}

template <typename T>
AlignedVector<T> aligned(const std::vector<T>& elements) {
  return {elements.begin(), elements.end()};
}

struct Tiling {
  Tiling(WinogradForm form, const ConvShape& s)
      : tile(kernels::winograd_tile(form)),
        planes(kernels::winograd_planes(form)),
        columns(parts(s.out_width, tile)),
        rows(parts(s.out_height, tile)),
        height(s.out_height),
        stride(kernels::winograd_tile_stride(s.channels)) {}

  // Rows of tiles are counted through all images of a group.
  int64_t tile_row_of(int64_t row) const { return row / height * rows + row % height / tile; }
  int64_t first_row_of(int64_t tile_row) const { return tile_row / rows * height + tile_row % rows * tile; }
  int64_t tile_rows(int64_t first_row, int64_t count) const {
    return tile_row_of(first_row + count - 1) + 1 - tile_row_of(first_row);
  }

  int64_t v_plane(int64_t tile_rows) const { return plane_stride<int16_t>(tile_rows * columns * stride); }
  int64_t v_bytes(int64_t tile_rows) const { return planes * v_plane(tile_rows) * 2; }

  int64_t tile, planes;
  int64_t columns, rows;  // of tiles, of one image
  int64_t height;         // of its output
  int64_t stride;         // of the channels of a tile
};

// Whether weights are transformed by each piece.
bool has_panels(const IntegerProblem& problem, WinogradForm form) {
  const ConvShape& s = problem.shape;
  return 2 * kernels::winograd_planes(form) * s.channels * s.outputs > kReadyBytes &&
         std::ranges::all_of(problem.weights, [](int16_t w) { return w >= -127 && w <= 127; });
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
  void prepare(const std::byte* codes, int64_t index, std::byte* prepared, std::byte* scratch) const override;
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
  void accumulate_to(const Piece& piece, const std::byte* codes, const std::byte* prepared, std::byte* scratch,
                     const kernels::Requantize& outputs) const override;

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

  void transform(const std::byte* codes, int64_t tile_row, int64_t plane, int16_t* out) const;
  // finish(row of the piece, its first channel, output) for all rows of tiles by some blocks of channels; `output`
  // has all but y.
  template <typename Finish>
  void each_product(const Piece& piece, const std::byte* codes, const std::byte* prepared, std::byte* scratch,
                    const Finish& finish) const;
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
};

Cut cut_of(const IntegerProblem& problem, WinogradForm form) {
  const ConvShape& s = problem.shape;
  const Tiling tiling(form, s);
  CutWish wish{.pixels = 256,
               .channels = kBlocksAtOnce * kBlock,
               .block = kBlock,
               .rows = tiling.tile,
               .images = problem.images};
  if (has_panels(problem, form))
    wish.pixels = 1024;  // few pieces: each transforms the weights
  else if (tiling.v_bytes(tiling.rows) > kPreparedBytes && tiling.rows >= 2 * problem.threads)
    wish.channels = wish.block = parts(s.outputs, kBlock) * kBlock;
  return cut_pieces(s, wish, problem.threads);
}

Winograd::Winograd(const IntegerProblem& problem, WinogradForm form)
    : IntegerAlgorithm(cut_of(problem, form)),
      kernels_(kernels::winograd_kernels(problem.isa)),
      form_(form),
      shape_(problem.shape),
      tiling_(form, problem.shape),
      bytes_(problem.has_signed_codes ? kernels::CodeBytes::i8 : kernels::CodeBytes::u8),
      pairs_(kernels::winograd_pairs(shape_.channels)),
      zero_(problem.zero) {
  if (has_panels(problem, form))
    taps_ = aligned(kernels::winograd_taps(shape_.outputs, shape_.channels, problem.weights));
  else
    weights_ = aligned(kernels::winograd_weights(form, shape_.outputs, shape_.channels, problem.weights));
  for (int64_t c = 0; c < shape_.channels; ++c) outside_.push_back(static_cast<uint8_t>(problem.zero_of(c)));
}

// Row `tile_row` of tiles, to `out` in planes that are `plane` apart.
void Winograd::transform(const std::byte* codes, int64_t tile_row, int64_t plane, int16_t* out) const {
  const int64_t image_bytes = shape_.height * shape_.width * shape_.channels;
  kernels_.transform_input({.form = form_,
                            .bytes = bytes_,
                            .image = reinterpret_cast<const uint8_t*>(codes) + tile_row / tiling_.rows * image_bytes,
                            .height = shape_.height,
                            .width = shape_.width,
                            .channels = shape_.channels,
                            .zero = zero_.empty() ? nullptr : zero_.data(),
                            .outside = outside_.data(),
                            .row = tile_row % tiling_.rows * tiling_.tile - shape_.top,
                            .column = -shape_.left,
                            .tiles = tiling_.columns,
                            .out = out,
                            .tile_stride = tiling_.stride,
                            .plane_stride = plane});
}

void Winograd::prepare(const std::byte* codes, int64_t index, std::byte* prepared, std::byte*) const {
  transform(codes, index, tiling_.v_plane(all_rows()),
            reinterpret_cast<int16_t*>(prepared) + index * tiling_.columns * tiling_.stride);
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

template <typename Finish>
void Winograd::each_product(const Piece& piece, const std::byte* codes, const std::byte* prepared, std::byte* scratch,
                            const Finish& finish) const {
  const int64_t first = tiling_.tile_row_of(piece.first_row);
  const int64_t rows = tiling_.tile_rows(piece.first_row, piece.rows);
  const int64_t row_size = tiling_.columns * tiling_.stride;
  auto* m = reinterpret_cast<int32_t*>(scratch);
  auto* panel = reinterpret_cast<int16_t*>(scratch + m_bytes());
  const int16_t* v = reinterpret_cast<const int16_t*>(prepared) + first * row_size;
  if (!is_prepared()) {
    auto* own = reinterpret_cast<int16_t*>(scratch + m_bytes() + u_bytes());
    for (int64_t row = 0; row < rows; ++row)
      transform(codes, first + row, tiling_.v_plane(piece_rows()), own + row * row_size);
    v = own;
  }
  const int64_t blocks = piece.slab->stride / kBlock;
  for (int64_t b = 0; b < blocks; b += kBlocksAtOnce) {
    const int64_t count = std::min(kBlocksAtOnce, blocks - b);
    multiply({.form = form_,
              .v = v,
              .v_tile_stride = tiling_.stride,
              .v_plane_stride = tiling_.v_plane(is_prepared() ? all_rows() : piece_rows()),
              .tiles = rows * tiling_.columns,
              .pairs = 0,
              .blocks = count,
              .u = nullptr,
              .u_block_stride = 0,
              .u_plane_stride = 0,
              .sums = kernels::Sums::fresh,
              .m = m,
              .m_plane_stride = m_plane()},
             piece.slab->first / kBlock + b, panel);
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t left = shape_.out_height - (first + row) % tiling_.rows * tiling_.tile;
      finish(tiling_.first_row_of(first + row) - piece.first_row, b * kBlock,
             kernels::WinogradOutput{.form = form_,
                                     .m = m + row * tiling_.columns * count * kBlock,
                                     .m_plane_stride = m_plane(),
                                     .tiles = tiling_.columns,
                                     .width = count * kBlock,
                                     .rows = std::min(tiling_.tile, left),
                                     .columns = shape_.out_width,
                                     .y = nullptr,
                                     .pixel_stride = piece.slab->stride,
                                     .row_stride = shape_.out_width * piece.slab->stride});
    }
  }
}

void Winograd::accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                          std::byte* scratch, int32_t* accumulators) const {
  each_product(piece, codes, prepared, scratch, [&](int64_t row, int64_t channel, kernels::WinogradOutput output) {
    output.y = accumulators + row * output.row_stride + channel;
    kernels_.transform_output(output);
  });
}

bool Winograd::can_finish(const kernels::Requantize& outputs) const {
  return kernels_.transform_and_requantize && shape_.outputs % kBlock == 0 && kernels::can_finish(outputs);
}

void Winograd::accumulate_to(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                             std::byte* scratch, const kernels::Requantize& outputs) const {
  each_product(piece, codes, prepared, scratch,
               [&](int64_t row, int64_t channel, const kernels::WinogradOutput& output) {
                 kernels_.transform_and_requantize(
                     output, kernels::part_of(outputs, row * output.columns, channel));
               });
}

// A count of cycles to compare forms with each other and with direct products. Weights of a large layer come from
// memory at each run; those of a small one, whose network is likely small, too, are in the cache.
struct Work {
  double products = 0, transformed = 0, transformed_weights = 0, weight_bytes = 0;
};

// Per cycle of a core, requantization included: measured on Zen 3, on Zen 4 where there is VNNI on 512 bits, and for
// AVX-512 alone in proportion to its width.
struct Rates {
  double winograd, bytes, shorts;         // products
  double transformed, transformed_weights;  // elements
};

Rates rates_of(Isa isa) {
  if (isa == Isa::x86_avx512vnni)
    return {.winograd = 29, .bytes = 58, .shorts = 25, .transformed = 2.2, .transformed_weights = 6};
  if (isa == Isa::x86_avx512)
    return {.winograd = 50, .bytes = 40, .shorts = 44, .transformed = 5, .transformed_weights = 6};
  const double bytes = isa == Isa::x86_avxvnni ? 55 : 40;
  return {.winograd = 25, .bytes = bytes, .shorts = 22, .transformed = 2.5, .transformed_weights = 3};
}

double cycles_of(const Work& work, double products_per_cycle, const IntegerProblem& problem) {
  constexpr double kCachedWeights = 512 * 1024;
  const Rates rates = rates_of(problem.isa);
  const double bytes_per_cycle = work.weight_bytes <= kCachedWeights ? 32 * problem.threads : 10;
  const double computed = work.products / products_per_cycle + work.transformed_weights / rates.transformed_weights;
  return std::max(computed / problem.threads, work.weight_bytes / bytes_per_cycle) +
         work.transformed / rates.transformed / problem.threads;
}

double direct_cycles(const IntegerProblem& problem) {
  const ConvShape& s = problem.shape;
  const auto weights = static_cast<double>(9 * s.channels * parts(s.outputs, kBlock) * kBlock);
  const Work work{.products = weights * static_cast<double>(s.out_height * s.out_width),
                  .weight_bytes = weights};
  const bool has_bytes = int8_is_exact(problem) && int8_is_fast(problem);
  const bool has_split_bytes = split_int8_is_exact(problem) && split_int8_is_fast(problem);
  const Rates rates = rates_of(problem.isa);
  return cycles_of(work, has_bytes ? rates.bytes : has_split_bytes ? 26 : rates.shorts, problem);
}

double winograd_cycles(const IntegerProblem& problem, WinogradForm form) {
  const ConvShape& s = problem.shape;
  const Tiling tiling(form, s);
  const auto outputs = static_cast<double>(parts(s.outputs, kBlock) * kBlock);
  const auto channels = static_cast<double>(tiling.stride), planes = static_cast<double>(tiling.planes);
  const auto tiles = static_cast<double>(tiling.rows * tiling.columns);
  Work work{.products = tiles * planes * channels * outputs,
            .transformed = tiles * planes * (channels + outputs)};
  double rate = rates_of(problem.isa).winograd;
  const Cut cut = cut_of(problem, form);
  const auto images = static_cast<double>(cut.images);
  if (has_panels(problem, form)) {
    rate *= 0.9;  // sums are put away after each panel
    work.transformed_weights =
        static_cast<double>(cut.row_pieces(cut.images * s.out_height)) * planes * channels * outputs / images;
    work.weight_bytes = 9 * channels * outputs / images;
  } else {
    work.weight_bytes = 2 * planes * channels * outputs / images;
  }
  return cycles_of(work, rate, problem);
}

// The bound holds for all sums that codes of the grid can lead to, and 255 for the codes themselves.
bool is_exact(const IntegerProblem& problem, WinogradForm form) {
  const ConvShape& s = problem.shape;
  if (problem.is_linear || s.groups != 1 || s.kernel_height != 3 || s.kernel_width != 3 || s.stride_y != 1 ||
      s.stride_x != 1 || s.dilation_y != 1 || s.dilation_x != 1)
    return false;
  for (int64_t o = 0; o < s.outputs; ++o) {
    int64_t least = 0, largest = 0;
    for (int64_t c = 0; c < s.channels; ++c) {
      const int64_t low = std::min<int64_t>(0, problem.least_code - problem.zero_of(c));
      const int64_t high = std::max<int64_t>(0, problem.largest_code - problem.zero_of(c));
      if (low < -255 || high > 255) return false;
      for (int64_t tap = 0; tap < 9; ++tap) {
        const int64_t w = problem.weight(o, c, tap / 3, tap % 3);
        least += w * (w > 0 ? low : high);
        largest += w * (w > 0 ? high : low);
      }
    }
    if (std::max(largest, -least) > kernels::winograd_bound(form)) return false;
  }
  return true;
}

}  // namespace

bool winograd_2x2_is_exact(const IntegerProblem& problem) { return is_exact(problem, WinogradForm::f2x2); }
bool winograd_4x4_is_exact(const IntegerProblem& problem) { return is_exact(problem, WinogradForm::f4x4); }

bool winograd_2x2_is_fast(const IntegerProblem& problem) {
  return problem.isa != Isa::portable &&
         winograd_cycles(problem, WinogradForm::f2x2) < direct_cycles(problem);
}

bool winograd_4x4_is_fast(const IntegerProblem& problem) {
  const double cycles = winograd_cycles(problem, WinogradForm::f4x4);
  return problem.isa != Isa::portable && cycles < direct_cycles(problem) &&
         cycles < winograd_cycles(problem, WinogradForm::f2x2);
}

std::unique_ptr<IntegerAlgorithm> make_winograd_2x2(const IntegerProblem& problem) {
  return std::make_unique<Winograd>(problem, WinogradForm::f2x2);
}

std::unique_ptr<IntegerAlgorithm> make_winograd_4x4(const IntegerProblem& problem) {
  return std::make_unique<Winograd>(problem, WinogradForm::f4x4);
}

}  // namespace pact::engine
