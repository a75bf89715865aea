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

struct Tiling {
  Tiling(kernels::WinogradForm form, const ConvShape& s)
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

// Whether the taps are kept as bytes, which each piece transforms.
bool has_panels(const IntegerProblem& problem, kernels::WinogradForm form);

Cut winograd_cut(const IntegerProblem& problem, kernels::WinogradForm form);

}  // namespace pact::engine
