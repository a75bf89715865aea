#include "engine/pool.h"

#include <algorithm>

namespace pact::engine {
namespace {

// Those inside the image; never none (graph/ops/pool.cc).
Taps taps_inside(int64_t first, int64_t kernel, int64_t step, int64_t extent) {
  if (step == 1) {
    const int64_t begin = std::max<int64_t>(first, 0);
    return {begin, std::min(first + kernel, extent) - begin};
  }
  const int64_t outside = first < 0 ? (-first + step - 1) / step : 0;
  const int64_t begin = first + outside * step;
  return {begin, std::min(kernel - outside, (extent - begin + step - 1) / step)};
}

inline float plus(float a, float b) { return a + b; }
inline int32_t plus(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

void take(const kernels::MaxPoolKernels& greatest, const kernels::MaxWindow<float>& w) { greatest.f32(w); }
void take(const kernels::MaxPoolKernels& greatest, const kernels::MaxWindow<uint8_t>& w) { greatest.u8(w); }
void take(const kernels::MaxPoolKernels& greatest, const kernels::MaxWindow<int8_t>& w) { greatest.i8(w); }
void take(const kernels::MaxPoolKernels& greatest, const kernels::MaxWindow<int32_t>& w) { greatest.i32(w); }

template <typename Element>
void reduce(const Pool& pool, const Element* image, const Taps& rows, const Taps& columns, Element* out) {
  const Element* first = image + (rows.first * pool.width + columns.first) * pool.channels;
  const int64_t width = pool.width * pool.dilations[0], step = pool.dilations[1];
  if (pool.reduction == Reduction::max)
    return take(pool.kernels, kernels::MaxWindow<Element>{.x = first,
                                                          .rows = rows.count,
                                                          .columns = columns.count,
                                                          .width = width,
                                                          .step = step,
                                                          .channels = pool.channels,
                                                          .out = out});
  for (int64_t c = 0; c < pool.channels; ++c) out[c] = Element{0};
  for (int64_t row = 0; row < rows.count; ++row)
    for (int64_t column = 0; column < columns.count; ++column) {
      const Element* x = first + (row * width + column * step) * pool.channels;
      for (int64_t c = 0; c < pool.channels; ++c) out[c] = static_cast<Element>(plus(out[c], x[c]));
    }
  if (pool.reduction != Reduction::average) return;
  const auto count = static_cast<Element>(pool.counts_padding ? pool.kernel[0] * pool.kernel[1]
                                                              : rows.count * columns.count);
  for (int64_t c = 0; c < pool.channels; ++c) out[c] = static_cast<Element>(out[c] / count);
}

}  // namespace

Taps rows_of(const Pool& pool, int64_t out_row) {
  return taps_inside(out_row * pool.strides[0] - pool.pads[0], pool.kernel[0], pool.dilations[0],
                     pool.height);
}

template <typename Element>
void pool_row(const Pool& pool, const Element* x, int64_t first_row, int64_t out_row, Element* out) {
  Taps rows = rows_of(pool, out_row);
  rows.first -= first_row;
  for (int64_t column = 0; column < pool.out_width; ++column) {
    const Taps columns =
        taps_inside(column * pool.strides[1] - pool.pads[1], pool.kernel[1], pool.dilations[1], pool.width);
    reduce<Element>(pool, x, rows, columns, out + column * pool.channels);
  }
}

template void pool_row(const Pool&, const float*, int64_t, int64_t, float*);
template void pool_row(const Pool&, const uint8_t*, int64_t, int64_t, uint8_t*);
template void pool_row(const Pool&, const int8_t*, int64_t, int64_t, int8_t*);
template void pool_row(const Pool&, const int32_t*, int64_t, int64_t, int32_t*);

Pool pool_of(const StepContext& context, const graph::Node& node) {
  const graph::Shape& x = context.type_of(node.inputs[0]).shape;
  const graph::Shape& y = context.type_of(node.output).shape;
  const Reduction reduction = node.op == graph::Op::max_pool   ? Reduction::max
                              : node.op == graph::Op::avg_pool ? Reduction::average
                                                               : Reduction::sum;
  return {.reduction = reduction,
                  .channels = x[1],
                  .height = x[2],
                  .width = x[3],
                  .out_height = y[2],
                  .out_width = y[3],
                  .kernel = node.integers("kernel"),
                  .strides = node.integers("strides"),
                  .pads = node.integers("pads"),
                  .dilations = node.integers("dilations"),
                  .counts_padding = reduction == Reduction::average && node.integer("count_include_pad") != 0,
                  .kernels = kernels::max_pool_kernels(context.isa)};
}

Pool global_average_of(const StepContext& context, const graph::Node& node) {
  const graph::Shape& x = context.type_of(node.inputs[0]).shape;
  return {.reduction = Reduction::average,
          .channels = x[1],
          .height = x[2],
          .width = x[3],
          .out_height = 1,
          .out_width = 1,
          .kernel = {x[2], x[3]},
          .strides = {1, 1},
          .pads = {0, 0, 0, 0},
          .dilations = {1, 1},
          .counts_padding = true,
          .kernels = kernels::max_pool_kernels(context.isa)};
}

}  // namespace pact::engine
