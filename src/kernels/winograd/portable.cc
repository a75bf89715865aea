// The specification: the matrices, and sums over them.
#include "kernels/winograd/winograd.h"

namespace pact::kernels {
namespace {

// B^T and A^T of one axis, for tiles of `tile` outputs. A row of A^T yields 2^shift * odd_factor times the output.
struct Axis {
  int tile;
  int input[6][6];
  int output[4][6];
  int shift[4];
};

struct Form {
  int points;
  int weights[6][3];  // G
  int odd_factor;     // of both axes together
  uint32_t odd_inverse;  // odd_factor * odd_inverse = 1 modulo 2^32
};

constexpr Form kF2x2 = {
    .points = 4, .weights = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}}, .odd_factor = 1, .odd_inverse = 1};

// The points 0, 1, -1, 2, -2 and infinity.
constexpr Form kF4x4 = {
    .points = 6,
    .weights = {{6, 0, 0}, {-1, -1, -1}, {-1, 1, -1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 6}},
    .odd_factor = 9,
    .odd_inverse = 0x38e38e39u,
};

static_assert(uint32_t(kF4x4.odd_factor) * kF4x4.odd_inverse == 1);

constexpr Axis kTwo = {
    .tile = 2,
    .input = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
    .output = {{1, 1, 1, 0}, {0, 1, -1, -1}},
    .shift = {1, 1},
};

constexpr Axis kFour = {
    .tile = 4,
    .input = {{4, 0, -5, 0, 1, 0},
              {0, -4, -4, 1, 1, 0},
              {0, 4, -4, -1, 1, 0},
              {0, -2, -1, 2, 1, 0},
              {0, 2, -1, -2, 1, 0},
              {0, 4, 0, -5, 0, 1}},
    .output = {{1, 4, 4, 1, 1, 0}, {0, 2, -2, 1, -1, 0}, {0, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 1}},
    .shift = {3, 2, 1, 1},
};

// At an edge of f4x4: rows of points that are left out are 0.
constexpr Axis kThreeOfFour = {
    .tile = 3,
    .input = {{2, -1, -2, 1, 0},
              {0, -2, -1, 1, 0},
              {0, 2, -3, 1, 0},
              {0, -1, 0, 1, 0},
              {},
              {0, 2, -1, -2, 1}},
    .output = {{1, 6, 2, 2, 0, 0}, {0, 3, -1, 2, 0, 0}, {0, 3, 1, 4, 0, 1}},
    .shift = {2, 1, 1},
};

constexpr Axis kTwoOfFour = {
    .tile = 2,
    .input = {{1, 0, -1, 0}, {0, -3, -3, 0}, {0, 3, -3, 0}, {}, {}, {0, 1, 0, -1}},
    .output = {{1, 1, 1, 0, 0, 0}, {0, 1, -1, 0, 0, -1}},
    .shift = {1, 1},
};

const Form& matrices_of(WinogradForm form) { return form == WinogradForm::f2x2 ? kF2x2 : kF4x4; }

const Axis& axis_of(WinogradForm form, int outputs) {
  if (form == WinogradForm::f2x2) return kTwo;
  return outputs == 4 ? kFour : outputs == 3 ? kThreeOfFour : kTwoOfFour;
}

int value_at(const WinogradInput& x, int64_t row, int64_t column, int64_t c) {
  if (row < 0 || row >= x.height || column < 0 || column >= x.width) return 0;
  const uint8_t code = x.image[(row * x.width + column) * x.channels + c];
  return (x.bytes == CodeBytes::i8 ? static_cast<int8_t>(code) : code) - (x.zero ? x.zero[c] : 0);
}

void transform_input(const WinogradInput& x) noexcept {
  const int points = matrices_of(x.form).points;
  const Axis &down = axis_of(x.form, x.tile.rows), &across = axis_of(x.form, x.tile.columns);
  for (int64_t tile = 0; tile < x.tiles; ++tile)
    for (int64_t c = 0; c < x.channels; ++c)
      for (int p = 0; p < points; ++p)
        for (int q = 0; q < points; ++q) {
          if (!has_point(x.form, down.tile, p) || !has_point(x.form, across.tile, q)) continue;
          int sum = 0;
          for (int i = 0; i < down.tile + 2; ++i)
            for (int j = 0; j < across.tile + 2; ++j)
              sum += down.input[p][i] * across.input[q][j] *
                     value_at(x, x.row + i, x.column + tile * across.tile + j, c);
          x.out[(p * points + q) * x.plane_stride + tile * x.tile_stride + c] = static_cast<int16_t>(sum);
        }
}

void transform_weights(const WinogradWeights& w) noexcept {
  const Form& t = matrices_of(w.form);
  constexpr int kPair = 2 * WinogradKernels::kBlock;
  for (int64_t pair = 0; pair < w.pairs; ++pair)
    for (int p = 0; p < t.points; ++p)
      for (int q = 0; q < t.points; ++q)
        for (int o = 0; o < kPair; ++o) {
          int sum = 0;
          for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
              sum += t.weights[p][i] * t.weights[q][j] * w.taps[(pair * 9 + i * 3 + j) * kPair + o];
          w.u[(p * t.points + q) * w.u_plane_stride + pair * kPair + o] = static_cast<int16_t>(sum);
        }
}

void multiply(const WinogradProduct& p) noexcept {
  constexpr int kBlock = WinogradKernels::kBlock;
  for_planes(p.form, p.tiles, [&](int64_t plane, TileRange tiles) {
    for (int64_t tile = tiles.begin; tile < tiles.end; ++tile)
      for (int64_t b = 0; b < p.blocks; ++b) {
        const int16_t* v = p.v + plane * p.v_plane_stride + tile * p.v_tile_stride;
        const int16_t* u = p.u + b * p.u_block_stride + plane * p.u_plane_stride;
        uint32_t sums[kBlock] = {};
        for (int64_t k = 0; k < p.pairs; ++k, v += 2, u += 2 * kBlock)
          for (int o = 0; o < kBlock; ++o)
            sums[o] += static_cast<uint32_t>(v[0] * u[2 * o] + v[1] * u[2 * o + 1]);
        int32_t* m = p.m + plane * p.m_plane_stride + (tile * p.blocks + b) * kBlock;
        for (int o = 0; o < kBlock; ++o)
          m[o] = static_cast<int32_t>(sums[o] + (p.sums == Sums::added ? static_cast<uint32_t>(m[o]) : 0));
      }
  });
}

void transform_output(const WinogradOutput& y) noexcept {
  const Form& form = matrices_of(y.form);
  const Axis &down = axis_of(y.form, y.tile.rows), &across = axis_of(y.form, y.tile.columns);
  const int points = form.points;
  for (int64_t column = 0; column < y.columns; ++column)
    for (int64_t i = 0; i < y.rows; ++i)
      for (int64_t o = 0; o < y.width; ++o) {
        const int64_t tile = column / across.tile, j = column % across.tile;
        uint32_t sum = 0;
        for (int p = 0; p < points; ++p)
          for (int q = 0; q < points; ++q) {
            if (!has_point(y.form, down.tile, p) || !has_point(y.form, across.tile, q)) continue;
            sum += static_cast<uint32_t>(down.output[i][p] * across.output[j][q]) *
                   static_cast<uint32_t>(y.m[(p * points + q) * y.m_plane_stride + tile * y.width + o]);
          }
        y.y[i * y.row_stride + column * y.pixel_stride + o] =
            static_cast<int32_t>(sum * form.odd_inverse) >> (down.shift[i] + across.shift[j]);
      }
}

}  // namespace

const WinogradKernels kWinograd_portable = {transform_input, transform_weights, multiply, transform_output};

}  // namespace pact::kernels
