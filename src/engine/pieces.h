// How the output of an integer layer is cut into pieces of work: some rows by some channels, small enough
// that the accumulators stay in the cache until they are requantized.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/integer_problem.h"

namespace pact::engine {

// Some output channels of one group, computed together.
struct Slab {
  int64_t group = 0;
  int64_t first = 0, width = 0;  // output channels, counted from 0 over all groups
  int64_t stride = 0;            // accumulators of one pixel: `width`, filled up to blocks

  bool operator==(const Slab&) const = default;
};

struct CutWish {
  int64_t pixels = 64, channels = 64;  // of a piece, about; 16 KB of accumulators, half of an L1
  int64_t block = 16;                  // slabs are filled up to multiples of it
  int64_t rows = 1;                    // pieces begin at multiples of so many rows
  int64_t tile_pixels = 1;             // what is left over of so many pixels takes as long; `rows` is then 1
  int64_t images = 1;                  // at most, of a piece
};

struct Cut {
  int64_t rows_per_piece = 1;
  // Images whose rows are cut as if they lay below each other. Of several, a piece has all rows.
  int64_t images = 1;
  std::vector<Slab> slabs;

  int64_t row_pieces(int64_t rows) const { return (rows + rows_per_piece - 1) / rows_per_piece; }
  int64_t pieces(int64_t rows) const { return static_cast<int64_t>(slabs.size()) * row_pieces(rows); }
  int64_t accumulator_count(int64_t out_width) const;  // of the largest piece

  bool operator==(const Cut&) const = default;
};

// For layers whose weights take `weight_bytes` for each output channel: pieces are as wide as a quarter of an
// L2 holds weights, and so much lower. Wide ones read and write shortcuts in long runs, which caches see
// coming.
CutWish wide_pieces(const ConvShape& shape, int64_t weight_bytes, int64_t block);

// Slabs never span groups; those of a depthwise layer have all its channels. Every thread gets some pieces of
// one image where there are enough rows and channels; several images are together only
// where one such group has a slab for each.
Cut cut_pieces(const ConvShape& shape, const CutWish& wish, int threads);

struct Piece {
  const Slab* slab;
  int64_t first_row, rows;  // of the output
};

// Slab after slab, in each from top to bottom.
inline Piece piece_of(const Cut& cut, int64_t index, int64_t rows) {
  const int64_t per_slab = cut.row_pieces(rows);
  const int64_t first = index % per_slab * cut.rows_per_piece;
  return {&cut.slabs[static_cast<size_t>(index / per_slab)], first,
          std::min(cut.rows_per_piece, rows - first)};
}

}  // namespace pact::engine
