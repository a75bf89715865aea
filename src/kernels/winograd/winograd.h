// Exact integer Winograd convolution: 3x3 windows at stride 1, with 2.25 or 4 times fewer multiplications.
//
// A tile of m x m outputs is A^T [(G g G^T) * (B^T d B)] A with n = m + 2 points per axis (Lavin and Gray
// 2016). G has fractions; here its rows carry integer factors, so that all of U = G g G^T, V = B^T d B and
// the products are integers and the sums come out as an exact multiple of the output (docs/engine.md has the
// matrices):
//   f2x2: 4 y                      |U| <=  9 |w|, |V| <=   4 |x|
//   f4x4: 9 2^s y, s from 2 to 6   |U| <= 49 |w|, |V| <= 100 |x|
// With |w| <= 255 and |x| <= 255 both are 16-bit numbers, and no pair of products leaves int32. Everything
// behind is additions, shifts to the left and a multiplication with the inverse of 9, which are all exact
// modulo 2^32, so that overflow does no harm, and at last one shift to the right: |y| < 2^29 (f2x2) or 2^25
// (f4x4) is what must hold.
//
// At the right and the lower edge of an image, f4x4 has tiles of 3 or 2 outputs where 4 do not fit. Such an axis needs
// only 5 or 4 of the 6 points. With transforms of their own these tiles take the same U, and leave planes out: of 14x14
// outputs 484 products a channel are computed for 576.
//
// Every instruction set gives the bits of the portable kernel.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa.h"
#include "kernels/requantize/requantize.h"

namespace pact::kernels {

enum class WinogradForm { f2x2, f4x4 };

constexpr int64_t winograd_tile(WinogradForm form) { return form == WinogradForm::f2x2 ? 2 : 4; }  // m
constexpr int64_t winograd_points(WinogradForm form) { return winograd_tile(form) + 2; }           // n
// V, U and the products lie in n * n planes, one per pair of points.
constexpr int64_t winograd_planes(WinogradForm form) { return winograd_points(form) * winograd_points(form); }

// The outputs that a tile has, each way: m, or at an edge of f4x4 fewer.
struct WinogradTile {
  int rows, columns;
};
constexpr WinogradTile whole_tile(WinogradForm form) {
  const int m = static_cast<int>(winograd_tile(form));
  return {m, m};
}
// Of the last tile of an axis that has `outputs`.
constexpr int winograd_last_tile(WinogradForm form, int64_t outputs) {
  const int64_t m = winograd_tile(form), left = outputs % m;
  return static_cast<int>(left == 0 || m == 2 ? m : left < 2 ? 2 : left);
}
// Whether an axis of `outputs` needs that point. Inline in any case: kernels compiled for one instruction set must not
// leave a copy for all.
[[gnu::always_inline]] constexpr bool has_point(WinogradForm form, int outputs, int64_t point) {
  if (form == WinogradForm::f2x2 || outputs == 4) return true;
  return outputs == 3 ? point != 4 : point != 3 && point != 4;
}

// Tiles in the order in which they lie in a plane: at the right edge, in the middle, at the lower edge, in the corner.
// Those that a plane has are then always neighbours.
struct WinogradTiles {
  int64_t right = 0, inner = 0, lower = 0, corner = 0;
  WinogradTile edge;  // rows of those at the lower edge, columns of those at the right one
};
struct TileRange {
  int64_t begin, end;
};
// visit(plane, TileRange) for all planes.
template <typename Visit>
[[gnu::always_inline]] constexpr void for_planes(WinogradForm form, const WinogradTiles& tiles,
                                                 const Visit& visit) {
  const int64_t n = winograd_points(form), all_but_lower = tiles.right + tiles.inner;
  for (int64_t p = 0; p < n; ++p)
    for (int64_t q = 0; q < n; ++q) {
      const bool has_right = has_point(form, tiles.edge.columns, q);
      const int64_t lower = has_right ? tiles.lower + tiles.corner : tiles.lower;
      const bool has_lower = has_point(form, tiles.edge.rows, p);
      visit(p * n + q, TileRange{has_right ? 0 : tiles.right, all_but_lower + (has_lower ? lower : 0)});
    }
}

enum class CodeBytes { u8, i8 };

// A row of tiles of a channels-last image, transformed:
//   out[plane * plane_stride + tile * tile_stride + c] = B^T d B, where d(i, j) = code - zero[c] of the pixel
//   (row + i, column + tile * tile.columns + j), and 0 outside the image
// for c < channels and the planes that such tiles have; tile_stride is at least winograd_tile_stride(channels), and
// what lies behind the channels of a tile may be overwritten.
struct WinogradInput {
  WinogradForm form;
  WinogradTile tile;  // the size of each
  CodeBytes bytes;
  const uint8_t* image;
  int64_t height, width, channels;
  const int16_t* zero;     // null: all 0
  const uint8_t* outside;  // the codes of zero: a pixel that stands for all outside the image
  int64_t row, column;
  int64_t tiles;
  int16_t* out;
  int64_t tile_stride, plane_stride;
};

// Even, for pairs of channels, and no less than the narrowest vector.
constexpr int64_t winograd_tile_stride(int64_t channels) {
  return channels < 16 ? 16 : (channels + 1) / 2 * 2;
}

// The weights of a block of kBlock output channels, transformed: taps [pair][9][kBlock][2] of w to
//   u[plane * u_plane_stride + pair * 2 * kBlock + ...] = G w G^T, [kBlock][2]
struct WinogradWeights {
  WinogradForm form;
  const int8_t* taps;
  int64_t pairs;
  int16_t* u;
  int64_t u_plane_stride;
};

// Memory that will be wanted soon: `bytes` of every row.
struct Foreseen {
  const std::byte* rows = nullptr;
  int64_t count = 0, stride = 0, bytes = 0;
};

enum class Sums { fresh, added };  // added: to what is there

// m[plane * m_plane_stride + tile * width + b * kBlock + o] (+)= sum over k < 2 * pairs of
//   v[plane * v_plane_stride + tile * v_tile_stride + k] * U(plane, b, k, o)
// modulo 2^32, for the tiles of each plane, with width = blocks * kBlock and U at u[b * u_block_stride + plane * u_plane_stride],
// [pair][kBlock][2].
struct WinogradProduct {
  WinogradForm form;
  const int16_t* v;
  int64_t v_tile_stride, v_plane_stride;
  WinogradTiles tiles;
  int64_t pairs, blocks;
  const int16_t* u;
  int64_t u_block_stride, u_plane_stride;
  Sums sums;
  int32_t* m;
  int64_t m_plane_stride;
  Foreseen foreseen = {};  // asked for meanwhile
};

// The outputs of a row of tiles: y[i * row_stride + (k * tile.columns + j) * pixel_stride + o] of tile k, for i < rows and
// all pixels of a row, k * tile.columns + j < columns.
struct WinogradOutput {
  WinogradForm form;
  WinogradTile tile;  // the size of each
  const int32_t* m;
  int64_t m_plane_stride;
  int64_t tiles, width;  // width as in WinogradProduct
  int64_t rows, columns;
  int64_t row_pixels;  // of the image, for transform_and_requantize
  int32_t* y;
  int64_t pixel_stride, row_stride;
};

struct WinogradKernels {
  static constexpr int kBlock = 16;  // output channels
  void (*transform_input)(const WinogradInput&) noexcept;
  void (*transform_weights)(const WinogradWeights&) noexcept;
  void (*multiply)(const WinogradProduct&) noexcept;
  void (*transform_output)(const WinogradOutput&) noexcept;
  // The same, but instead of being stored the outputs, pixel (i, column) being row i * row_pixels + column, are
  // requantized as asked for (y and its strides, accumulators and width: not read). For what can_finish allows. Null where nobody
  // has written it.
  void (*transform_and_requantize)(const WinogradOutput&, const Requantize&) noexcept = nullptr;
};

const WinogradKernels& winograd_kernels(Isa isa);

#define PACT_KERNEL(isa) extern const WinogradKernels kWinograd_##isa, kWinograd_##isa##_emulated;
#include "kernels/winograd/isas.inc"
#undef PACT_KERNEL

}  // namespace pact::kernels
