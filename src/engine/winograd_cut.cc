#include "engine/winograd_cut.h"

#include <algorithm>

namespace pact::engine {

using kernels::WinogradForm;

namespace {

constexpr int64_t kPreparedBytes = 384 * 1024;  // of transformed tiles that may share the cache of a core
constexpr int64_t kReadyBytes = 5120 * 1024;    // of transformed weights that are kept
constexpr int64_t kNearWeightBytes = 128 * 1024;  // of those that a core's second cache keeps beside all else

int64_t ready_bytes(const ConvShape& s, WinogradForm form) {
  return 2 * kernels::winograd_planes(form) * s.channels * s.outputs;
}

}  // namespace

kernels::WinogradTiles Tiling::tiles(int64_t first, int64_t end) const {
  const int64_t lower = lower_rows(first, end), others = end - first - lower;
  return {.right = has_right() ? others : 0,
          .inner = others * inner_columns(),
          .lower = lower * inner_columns(),
          .corner = has_right() ? lower : 0,
          .edge = edge};
}

Tiling::Position Tiling::position(int64_t first, int64_t end, int64_t tile_row) const {
  const kernels::WinogradTiles all = tiles(first, end);
  const int64_t lower = lower_rows(first, tile_row), others = tile_row - first - lower;
  if (!is_lower(tile_row)) return {.inner = all.right + others * inner_columns(), .right = others};
  const int64_t begin = all.right + all.inner;
  return {.inner = begin + lower * inner_columns(), .right = begin + all.lower + lower};
}

int64_t Tiling::tiles_of_planes() const {
  int64_t count = 0;
  kernels::for_planes(form, tiles(0, rows),
                      [&](int64_t, kernels::TileRange range) { count += range.end - range.begin; });
  return count;
}

bool has_panels(const IntegerProblem& problem, WinogradForm form) {
  return ready_bytes(problem.shape, form) > kReadyBytes &&
         std::ranges::all_of(problem.weights, [](int16_t w) { return w >= -127 && w <= 127; });
}

Cut winograd_cut(const IntegerProblem& problem, WinogradForm form) {
  const ConvShape& s = problem.shape;
  const Tiling tiling(form, s);
  // Few pixels leave tiles and products in the first cache, and read the weights more often.
  CutWish wish{.pixels = ready_bytes(s, form) <= kNearWeightBytes ? 64 : 256,
               .channels = kBlocksAtOnce * kWinogradBlock,
               .block = kWinogradBlock,
               .rows = tiling.tile,
               .images = problem.images};
  if (has_panels(problem, form))
    wish.pixels = 1024;  // few pieces: each transforms the weights
  else if (tiling.v_bytes(tiling.rows) > kPreparedBytes && tiling.rows >= 2 * problem.threads)
    wish.channels = wish.block = parts(s.outputs, kWinogradBlock) * kWinogradBlock;
  return cut_pieces(s, wish, problem.threads);
}

}  // namespace pact::engine
