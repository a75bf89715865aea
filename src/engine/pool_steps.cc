// max_pool, avg_pool, global_avg_pool, sum_pool; windows are read row by row, each row from left to right.
//   max  starts at the least number of its type, -infinity for real ones; an element replaces the largest so far only when it is greater
//   avg  a float32 sum from +0 on, one element after the other, then one float32 division by their number:
//        the whole window (count_include_pad=1) or its elements inside the image
//   sum  of int32 elements inside the image; lowering sees to it that it fits, other graphs get it modulo 2^32
#include "engine/layout.h"
#include "engine/steps.h"
#include "kernels/max_pool/max_pool.h"

namespace pact::engine {
namespace {

using graph::Node;

enum class Reduction { max, average, sum };

struct Pool {
  Reduction reduction;
  int64_t channels, height, width, out_height, out_width;
  std::vector<int64_t> kernel, strides, pads, dilations;
  bool counts_padding;
  const kernels::MaxPoolKernels& kernels;
};

// The rows or columns of an image that one output is made of: first, first + step, ..., `count` of them.
struct Taps {
  int64_t first, count;
};

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

template <typename Element>
Step pool_step(const Node& node, Pool pool) {
  Step step;
  step.name = node.name;
  step.algorithm = name_of(node.op);
  step.reads = {node.inputs[0]};
  step.writes = {node.output};
  step.run = [pool = std::move(pool), x_id = node.inputs[0], y_id = node.output](const Workspace& workspace) {
    const Element* x = workspace.at<Element>(x_id);
    Element* y = workspace.at<Element>(y_id);
    workspace.pool->parallel_for(workspace.batch * pool.out_height, [&](int64_t index, int) {
      const int64_t row = index % pool.out_height;
      const Element* image = x + index / pool.out_height * pool.height * pool.width * pool.channels;
      const Taps rows =
          taps_inside(row * pool.strides[0] - pool.pads[0], pool.kernel[0], pool.dilations[0], pool.height);
      for (int64_t column = 0; column < pool.out_width; ++column) {
        const Taps columns = taps_inside(column * pool.strides[1] - pool.pads[1], pool.kernel[1],
                                         pool.dilations[1], pool.width);
        reduce<Element>(pool, image, rows, columns, y + (index * pool.out_width + column) * pool.channels);
      }
    });
  };
  return step;
}

}  // namespace

Step make_pool(const StepContext& context, const Node& node) {
  const graph::Shape& x = context.type_of(node.inputs[0]).shape;
  const graph::Shape& y = context.type_of(node.output).shape;
  const Reduction reduction = node.op == graph::Op::max_pool   ? Reduction::max
                              : node.op == graph::Op::avg_pool ? Reduction::average
                                                               : Reduction::sum;
  const Pool pool{.reduction = reduction,
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
  switch (context.type_of(node.output).dtype) {
    case graph::DataType::i32:
      return pool_step<int32_t>(node, pool);
    case graph::DataType::u8:
      return pool_step<uint8_t>(node, pool);
    case graph::DataType::i8:
      return pool_step<int8_t>(node, pool);
    default:
      return pool_step<float>(node, pool);
  }
}

Step make_global_avg_pool(const StepContext& context, const Node& node) {
  const graph::Shape& x = context.type_of(node.inputs[0]).shape;
  return pool_step<float>(node, {.reduction = Reduction::average,
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
                                 .kernels = kernels::max_pool_kernels(context.isa)});
}

}  // namespace pact::engine
