#include "engine/winograd_cut.h"

#include <algorithm>

namespace pact::engine {

using kernels::WinogradForm;

namespace {

constexpr int64_t kPreparedBytes = 384 * 1024;  // of transformed tiles that may share the cache of a core
constexpr int64_t kReadyBytes = 5120 * 1024;    // of transformed weights that are kept

}  // namespace

bool has_panels(const IntegerProblem& problem, WinogradForm form) {
  const ConvShape& s = problem.shape;
  return 2 * kernels::winograd_planes(form) * s.channels * s.outputs > kReadyBytes &&
         std::ranges::all_of(problem.weights, [](int16_t w) { return w >= -127 && w <= 127; });
}

Cut winograd_cut(const IntegerProblem& problem, WinogradForm form) {
  const ConvShape& s = problem.shape;
  const Tiling tiling(form, s);
  CutWish wish{.pixels = 256,
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
