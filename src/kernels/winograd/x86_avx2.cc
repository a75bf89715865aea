// `multiply` with vpmaddwd: tiles of up to 6 Winograd tiles by 16 channels, which are 12 of the 16 registers.
// The accumulators are named one by one, because g++ 12 leaves arrays of them in memory.
#include <immintrin.h>

#include "kernels/winograd/winograd.h"

namespace pact::kernels {
namespace {

constexpr int kWide = 32;

#define PACT_ROWS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

inline __m256i pair_at(const int16_t* v) {
  int pair;
  __builtin_memcpy(&pair, v, sizeof(pair));
  return _mm256_set1_epi32(pair);
}

template <int kRows>
void rows_of(const WinogradProduct& p, const int16_t* v, const int16_t* weights, int32_t* out) {
  const int64_t width = p.blocks * WinogradKernels::kBlock;
#define PACT_START(i)                                                              \
  __m256i low##i = _mm256_setzero_si256(), high##i = _mm256_setzero_si256();       \
  const int16_t* v##i = v + (i < kRows ? i : 0) * p.v_tile_stride;                 \
  if (i < kRows && p.sums == Sums::added) {                                        \
    low##i = _mm256_loadu_si256(reinterpret_cast<__m256i*>(out + i * width));      \
    high##i = _mm256_loadu_si256(reinterpret_cast<__m256i*>(out + i * width + 8)); \
  }
  PACT_ROWS(PACT_START)
#undef PACT_START
  for (int64_t k = 0; k < p.pairs; ++k, weights += 32) {
    const __m256i u_low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
    const __m256i u_high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + 16));
#define PACT_ADD(i)                                                       \
  if constexpr (i < kRows) {                                              \
    const __m256i pair = pair_at(v##i + 2 * k);                           \
    low##i = _mm256_add_epi32(low##i, _mm256_madd_epi16(pair, u_low));    \
    high##i = _mm256_add_epi32(high##i, _mm256_madd_epi16(pair, u_high)); \
  }
    PACT_ROWS(PACT_ADD)
#undef PACT_ADD
  }
#define PACT_STORE(i)                                                              \
  if constexpr (i < kRows) {                                                       \
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * width), low##i);      \
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * width + 8), high##i); \
  }
  PACT_ROWS(PACT_STORE)
#undef PACT_STORE
}

#undef PACT_ROWS

void last_rows(int64_t rows, const WinogradProduct& p, const int16_t* v, const int16_t* u, int32_t* out) {
  switch (rows) {
    case 1:
      return rows_of<1>(p, v, u, out);
    case 2:
      return rows_of<2>(p, v, u, out);
    case 3:
      return rows_of<3>(p, v, u, out);
    case 4:
      return rows_of<4>(p, v, u, out);
    case 5:
      return rows_of<5>(p, v, u, out);
    default:
      return;
  }
}

void multiply(const WinogradProduct& given) noexcept {
  const WinogradProduct p = given;
  constexpr int64_t kBlock = WinogradKernels::kBlock;
  for_planes(p.form, p.tiles, [&](int64_t plane, TileRange tiles) {
    for (int64_t b = 0; b < p.blocks; ++b) {
      const int16_t* u = p.u + b * p.u_block_stride + plane * p.u_plane_stride;
      const int16_t* v = p.v + plane * p.v_plane_stride + tiles.begin * p.v_tile_stride;
      int32_t* out = p.m + plane * p.m_plane_stride + (tiles.begin * p.blocks + b) * kBlock;
      int64_t tile = tiles.begin;
      for (; tile + 6 <= tiles.end; tile += 6, v += 6 * p.v_tile_stride, out += 6 * p.blocks * kBlock)
        rows_of<6>(p, v, u, out);
      last_rows(tiles.end - tile, p, v, u, out);
    }
  });
}

}  // namespace
}  // namespace pact::kernels

#include "kernels/winograd/axes.inc"

#include "kernels/winograd/transform_input.inc"
#include "kernels/winograd/transform_output.inc"
#include "kernels/winograd/transform_weights.inc"

const pact::kernels::WinogradKernels pact::kernels::kWinograd_x86_avx2 = {transform_input, transform_weights,
                                                                          multiply, transform_output};
