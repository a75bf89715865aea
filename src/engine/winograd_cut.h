// How a Winograd layer is cut into tiles and pieces, and which form its weights rest in.
#pragma once

#include "engine/pieces.h"
#include "kernels/winograd/winograd.h"

namespace pact::engine {

inline constexpr int64_t kWinogradBlock = kernels::WinogradKernels::kBlock;
inline constexpr int64_t kBlocksAtOnce = 2;  // products of so many blocks wait for their transform

inline int64_t parts(int64_t count, int64_t unit) { return (count + unit - 1) / unit; }

// A stride of planes, in bytes a multiple of 64 but not of 128: neighbours in all planes then lie in
// different sets of the cache.
template <typename Element>
int64_t plane_stride(int64_t elements) {
  constexpr int64_t line = 64 / sizeof(Element);
  return (parts(elements, line) | 1) * line;
}

// Rows of tiles are counted through all images of a group. The tiles of a piece lie together, in the order of
// kernels::WinogradTiles.
struct Tiling {
  Tiling(kernels::WinogradForm form_of_tiles, const ConvShape& s)
      : form(form_of_tiles),
        tile(kernels::winograd_tile(form)),
        planes(kernels::winograd_planes(form)),
        columns(parts(s.out_width, tile)),
        rows(parts(s.out_height, tile)),
        height(s.out_height),
        stride(kernels::winograd_tile_stride(s.channels)),
        edge{kernels::winograd_last_tile(form, s.out_height),
             kernels::winograd_last_tile(form, s.out_width)} {}

  int64_t tile_row_of(int64_t row) const { return row / height * rows + row % height / tile; }
  int64_t first_row_of(int64_t tile_row) const { return tile_row / rows * height + tile_row % rows * tile; }
  int64_t tile_rows(int64_t first_row, int64_t count) const {
    return tile_row_of(first_row + count - 1) + 1 - tile_row_of(first_row);
  }

  int64_t v_plane(int64_t tile_rows) const { return plane_stride<int16_t>(tile_rows * columns * stride); }
  int64_t v_bytes(int64_t tile_rows) const { return planes * v_plane(tile_rows) * 2; }

  bool has_right() const { return edge.columns < tile; }
  bool has_lower() const { return edge.rows < tile; }
  bool is_lower(int64_t tile_row) const { return has_lower() && (tile_row + 1) % rows == 0; }
  // The size of those of a row that are not at the right edge, and how many they are.
  kernels::WinogradTile tile_of(int64_t tile_row) const {
    const kernels::WinogradTile whole = kernels::whole_tile(form);
    return {is_lower(tile_row) ? edge.rows : whole.rows, whole.columns};
  }
  int64_t inner_columns() const { return columns - (has_right() ? 1 : 0); }
  // Of the rows of tiles [first, end).
  kernels::WinogradTiles tiles(int64_t first, int64_t end) const;
  // Where, among those, the tiles of row `tile_row` begin, those of the right edge apart.
  struct Position {
    int64_t inner, right;
  };
  Position position(int64_t first, int64_t end, int64_t tile_row) const;
  // Tiles of one image, all planes together.
  int64_t tiles_of_planes() const;

  kernels::WinogradForm form;
  int64_t tile, planes;
  int64_t columns, rows;  // of tiles, of one image
  int64_t height;         // of its output
  int64_t stride;         // of the channels of a tile
  kernels::WinogradTile edge;

 private:
  int64_t lower_rows(int64_t first, int64_t end) const { return has_lower() ? end / rows - first / rows : 0; }
};

// Whether the taps are kept as bytes, which each piece transforms.
bool has_panels(const IntegerProblem& problem, kernels::WinogradForm form);

Cut winograd_cut(const IntegerProblem& problem, kernels::WinogradForm form);

}  // namespace pact::engine
