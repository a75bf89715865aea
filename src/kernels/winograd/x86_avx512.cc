// `multiply` with vpmaddwd on 512 bits: up to 12 Winograd tiles by 32 channels, 24 of the 32 registers, so
// that a multiplication costs little more than half a load. Accumulators are named one by one, as in
// x86_avx2.cc.
#include "kernels/winograd/winograd.h"
#include "kernels/x86_intrinsics.h"

namespace pact::kernels {
namespace {

constexpr int kWide = 64;

#define PACT_ROWS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)

inline __m512i pair_at(const int16_t* v) {
  int pair;
  __builtin_memcpy(&pair, v, sizeof(pair));
  return _mm512_set1_epi32(pair);
}

template <int kRows, int kBlocks>
void rows_of(const WinogradProduct& p, const int16_t* v, const int16_t* weights, int32_t* out) {
  const int64_t width = p.blocks * WinogradKernels::kBlock;
#define PACT_START(i)                                                        \
  __m512i low##i = _mm512_setzero_si512(), high##i = _mm512_setzero_si512(); \
  if (i < kRows && p.sums == Sums::added) {                                  \
    low##i = _mm512_loadu_si512(out + i * width);                            \
    if (kBlocks == 2) high##i = _mm512_loadu_si512(out + i * width + 16);    \
  }
  PACT_ROWS(PACT_START)
#undef PACT_START
  for (int64_t k = 0; k < p.pairs; ++k, weights += 32, v += 2) {
    const __m512i u_low = _mm512_loadu_si512(weights);
    const __m512i u_high = _mm512_loadu_si512(weights + (kBlocks == 2 ? p.u_block_stride : 0));
#define PACT_ADD(i)                                                                                   \
  if constexpr (i < kRows) {                                                                          \
    const __m512i pair = pair_at(v + i * p.v_tile_stride);                                            \
    low##i = _mm512_add_epi32(low##i, _mm512_madd_epi16(pair, u_low));                                \
    if constexpr (kBlocks == 2) high##i = _mm512_add_epi32(high##i, _mm512_madd_epi16(pair, u_high)); \
  }
    PACT_ROWS(PACT_ADD)
#undef PACT_ADD
  }
#define PACT_STORE(i)                                                               \
  if constexpr (i < kRows) {                                                        \
    _mm512_storeu_si512(out + i * width, low##i);                                   \
    if constexpr (kBlocks == 2) _mm512_storeu_si512(out + i * width + 16, high##i); \
  }
  PACT_ROWS(PACT_STORE)
#undef PACT_STORE
}

#undef PACT_ROWS

template <int kBlocks>
void all_rows(const WinogradProduct& p, const int16_t* v, const int16_t* u, int32_t* out) {
  const int64_t width = p.blocks * WinogradKernels::kBlock;
  int64_t tile = 0;
  const auto step = [&](int64_t rows) {
    tile += rows;
    v += rows * p.v_tile_stride;
    out += rows * width;
  };
  for (; tile + 12 <= p.tiles; step(12)) rows_of<12, kBlocks>(p, v, u, out);
  for (; tile + 8 <= p.tiles; step(8)) rows_of<8, kBlocks>(p, v, u, out);
  for (; tile + 4 <= p.tiles; step(4)) rows_of<4, kBlocks>(p, v, u, out);
  for (; tile < p.tiles; step(1)) rows_of<1, kBlocks>(p, v, u, out);
}

void multiply(const WinogradProduct& given) noexcept {
  const WinogradProduct p = given;
  constexpr int64_t kBlock = WinogradKernels::kBlock;
  for (int64_t plane = 0; plane < winograd_planes(p.form); ++plane) {
    const int16_t* u = p.u + plane * p.u_plane_stride;
    const int16_t* v = p.v + plane * p.v_plane_stride;
    int32_t* out = p.m + plane * p.m_plane_stride;
    int64_t b = 0;
    for (; b + 2 <= p.blocks; b += 2) all_rows<2>(p, v, u + b * p.u_block_stride, out + b * kBlock);
    if (b < p.blocks) all_rows<1>(p, v, u + b * p.u_block_stride, out + b * kBlock);
  }
}

}  // namespace
}  // namespace pact::kernels

#include "kernels/winograd/transforms.inc"

const pact::kernels::WinogradKernels pact::kernels::PACT_TABLE(kWinograd_x86_avx512) = {
    transform_input, transform_weights, multiply, transform_output};
