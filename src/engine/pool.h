// Pools, row by row of their output; windows are read row by row, each row from left to right.
//   max  starts at the least number of its type, -infinity for real ones; an element replaces the largest so far only
//        when it is greater
//   avg  a float32 sum from +0 on, one element after the other, then one float32 division by their number:
//        the whole window (count_include_pad=1) or its elements inside the image
//   sum  of int32 elements inside the image; lowering sees to it that it fits, other graphs get it modulo 2^32
#pragma once

#include "engine/steps.h"
#include "kernels/max_pool/max_pool.h"

namespace pact::engine {

enum class Reduction { max, average, sum };

struct Pool {
  Reduction reduction;
  int64_t channels, height, width, out_height, out_width;
  std::vector<int64_t> kernel, strides, pads, dilations;
  bool counts_padding;
  const kernels::MaxPoolKernels& kernels;
};

// max_pool, avg_pool, sum_pool; the whole image at once for global_avg_pool.
Pool pool_of(const StepContext& context, const graph::Node& node);
Pool global_average_of(const StepContext& context, const graph::Node& node);

// The rows or columns of an image that one output is made of: first, first + step, ..., `count` of them.
struct Taps {
  int64_t first, count;
};
Taps rows_of(const Pool& pool, int64_t out_row);

// Row `out_row` of the output; x are the rows of the image from `first_row` on, channels last. Elements are those of
// max pools (float, uint8_t, int8_t, int32_t), float of averages, int32_t of sums.
template <typename Element>
void pool_row(const Pool& pool, const Element* x, int64_t first_row, int64_t out_row, Element* out);

}  // namespace pact::engine
