// Loops over arrays in blocks of a fixed length: a constant trip count and no aliasing are what gcc needs to
// vectorise at -O2 as well. Element by element the operations are the same, so the bits are too.
#pragma once

#include <cstddef>

namespace pact::quant {

// out[i] = function(in[i]); the arrays do not overlap.
template <typename In, typename Out, typename Function>
inline void map_blocks(size_t count, const In* __restrict__ in, Out* __restrict__ out, Function function) {
  constexpr size_t kBlock = 16;
  size_t i = 0;
  for (; i + kBlock <= count; i += kBlock)
    for (size_t j = 0; j < kBlock; ++j) out[i + j] = function(in[i + j]);
  for (; i < count; ++i) out[i] = function(in[i]);
}

}  // namespace pact::quant
