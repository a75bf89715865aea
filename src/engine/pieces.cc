#include "engine/pieces.h"

#include <algorithm>
#include <numeric>

namespace pact::engine {
namespace {

constexpr int64_t kLargeProducts = 2'000'000;  // of a piece: about ten microseconds

int64_t outputs_of(const ConvShape& s) { return s.outputs * s.out_height * s.out_width; }

std::vector<Slab> cut_slabs(const ConvShape& s, int64_t widest, int64_t block) {
  if (s.is_depthwise()) return {{.group = 0, .first = 0, .width = s.outputs, .stride = s.outputs}};
  std::vector<Slab> slabs;
  for (int64_t group = 0; group < s.groups; ++group)
    for (int64_t first = 0; first < s.group_outputs(); first += widest) {
      const int64_t width = std::min(widest, s.group_outputs() - first);
      slabs.push_back({.group = group,
                       .first = group * s.group_outputs() + first,
                       .width = width,
                       .stride = (width + block - 1) / block * block});
    }
  return slabs;
}

}  // namespace

int64_t Cut::accumulator_count(int64_t out_width) const {
  int64_t widest = 0;
  for (const Slab& slab : slabs) widest = std::max(widest, slab.stride);
  return rows_per_piece * out_width * widest;
}

CutWish wide_pieces(const ConvShape& shape, int64_t weight_bytes, int64_t block) {
  constexpr int64_t kWeightBytes = 64 * 1024, kWidest = 128;
  CutWish wish{.block = block};
  const int64_t accumulators = wish.pixels * wish.channels;
  wish.channels = std::min(wish.channels, (shape.group_outputs() + block - 1) / block * block);
  while (wish.channels < kWidest && wish.channels < shape.group_outputs() &&
         2 * wish.channels * weight_bytes <= kWeightBytes)
    wish.channels *= 2;
  wish.pixels = accumulators / wish.channels;
  return wish;
}

namespace {

// The least rows that are whole tiles of pixels; 1 where the image has not many times as many.
int64_t rows_of_tiles(const ConvShape& s, int64_t tile_pixels) {
  const int64_t rows = tile_pixels / std::gcd(tile_pixels, s.out_width);
  return 3 * rows <= s.out_height ? rows : 1;
}

// When the last thread is done with an image, if each takes the next piece as soon as it is free; in products of a
// pixel by a channel, those of tiles that are left incomplete included.
int64_t end_of(const ConvShape& s, const Cut& cut, int64_t tile_pixels, int threads) {
  std::vector<int64_t> busy(static_cast<size_t>(threads), 0);
  for (int64_t i = 0; i < cut.pieces(s.out_height); ++i) {
    const Piece piece = piece_of(cut, i, s.out_height);
    const int64_t tiles = (piece.rows * s.out_width + tile_pixels - 1) / tile_pixels;
    *std::ranges::min_element(busy) += tiles * tile_pixels * piece.slab->stride;
  }
  return std::ranges::max(busy);
}

// Where there are few of them, pieces of whole tiles can leave a thread much more to do than another. Others are taken
// where that gains a few per cent.
void even_out(const ConvShape& s, int64_t tile_pixels, int threads, Cut& cut) {
  if (cut.pieces(s.out_height) > 32 * threads) return;
  const int64_t most = std::min(2 * cut.rows_per_piece, s.out_height);
  double best = 0.96 * static_cast<double>(end_of(s, cut, tile_pixels, threads));
  Cut other = cut;
  for (other.rows_per_piece = 1; other.rows_per_piece <= most; ++other.rows_per_piece) {
    const auto end = static_cast<double>(end_of(s, other, tile_pixels, threads));
    if (end < best) best = end, cut.rows_per_piece = other.rows_per_piece;
  }
}

}  // namespace

Cut cut_pieces(const ConvShape& s, const CutWish& wish, int threads) {
  Cut cut;
  const int64_t unit = wish.tile_pixels > 1 ? rows_of_tiles(s, wish.tile_pixels) : wish.rows;
  const auto whole = [&](int64_t rows) { return (rows + unit - 1) / unit * unit; };
  cut.rows_per_piece = whole(std::clamp<int64_t>(wish.pixels / s.out_width, 1, s.out_height));
  cut.slabs = cut_slabs(s, wish.channels, wish.block);
  const int64_t images = std::min(wish.pixels / (s.out_height * s.out_width), wish.images);
  // At the end of a batch there may be one group alone.
  if (images > 1 && cut.slabs.size() >= static_cast<size_t>(threads)) {
    cut.images = images;
    cut.rows_per_piece = images * s.out_height;
    return cut;
  }
  if (threads == 1) return cut;
  // Rows first: of those that it wrote a thread then reads most. Where pieces are large, some more of them
  // even out what threads lose to others.
  const auto too_few = [&] {
    const int64_t pieces = cut.pieces(s.out_height);
    const bool are_large = outputs_of(s) * s.taps() * s.group_channels() > pieces * kLargeProducts;
    return pieces < (are_large ? 2 * threads : threads);
  };
  while (cut.rows_per_piece > unit && too_few())
    cut.rows_per_piece = whole((cut.rows_per_piece + 1) / 2);
  for (int64_t widest = wish.channels / 2; widest >= wish.block && widest % wish.block == 0 && too_few();
       widest /= 2)
    cut.slabs = cut_slabs(s, widest, wish.block);
  if (wish.tile_pixels > 1) even_out(s, wish.tile_pixels, threads, cut);
  return cut;
}

}  // namespace pact::engine
