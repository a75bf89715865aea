// max_pool, avg_pool, global_avg_pool; windows are read row by row, each row from left to right.
//   max  starts at -infinity; an element replaces the largest so far only when it is greater
//   avg  a float32 sum from +0 on, one element after the other, then one float32 division by their number:
//        the whole window (count_include_pad=1) or its elements inside the image
#include <limits>

#include "engine/layout.h"
#include "engine/steps.h"

namespace pact::engine {
namespace {

using graph::Node;

enum class Reduction { max, average };

struct Pool {
  Reduction reduction;
  int64_t channels, height, width, out_height, out_width;
  std::vector<int64_t> kernel, strides, pads;
  bool counts_padding;
};

// One output pixel from the rows and columns [first, last) of an image.
struct Window {
  int64_t top, bottom, left, right;
};

void reduce(const Pool& pool, const float* image, const Window& window, float* out) {
  const bool is_max = pool.reduction == Reduction::max;
  for (int64_t c = 0; c < pool.channels; ++c) out[c] = is_max ? -std::numeric_limits<float>::infinity() : 0.0f;
  for (int64_t row = window.top; row < window.bottom; ++row)
    for (int64_t column = window.left; column < window.right; ++column) {
      const float* x = image + (row * pool.width + column) * pool.channels;
      if (is_max)
        for (int64_t c = 0; c < pool.channels; ++c) out[c] = x[c] > out[c] ? x[c] : out[c];
      else
        for (int64_t c = 0; c < pool.channels; ++c) out[c] += x[c];
    }
  if (is_max) return;
  const int64_t inside = (window.bottom - window.top) * (window.right - window.left);
  const auto count = static_cast<float>(pool.counts_padding ? pool.kernel[0] * pool.kernel[1] : inside);
  for (int64_t c = 0; c < pool.channels; ++c) out[c] /= count;
}

Step pool_step(const Node& node, Pool pool) {
  Step step;
  step.name = node.name;
  step.algorithm = name_of(node.op);
  step.reads = {node.inputs[0]};
  step.writes = {node.output};
  step.run = [pool = std::move(pool), x_id = node.inputs[0], y_id = node.output](const Workspace& workspace) {
    const float* x = workspace.at<float>(x_id);
    float* y = workspace.at<float>(y_id);
    workspace.pool->parallel_for(workspace.batch * pool.out_height, [&](int64_t index, int) {
      const int64_t row = index % pool.out_height;
      const float* image = x + index / pool.out_height * pool.height * pool.width * pool.channels;
      const int64_t top = row * pool.strides[0] - pool.pads[0];
      for (int64_t column = 0; column < pool.out_width; ++column) {
        const int64_t left = column * pool.strides[1] - pool.pads[1];
        const Window window{std::max<int64_t>(top, 0), std::min(top + pool.kernel[0], pool.height),
                            std::max<int64_t>(left, 0), std::min(left + pool.kernel[1], pool.width)};
        reduce(pool, image, window, y + (index * pool.out_width + column) * pool.channels);
      }
    });
  };
  return step;
}

}  // namespace

Step make_pool(const StepContext& context, const Node& node) {
  const graph::Shape& x = context.type_of(node.inputs[0]).shape;
  const graph::Shape& y = context.type_of(node.output).shape;
  const bool is_max = node.op == graph::Op::max_pool;
  return pool_step(node, {.reduction = is_max ? Reduction::max : Reduction::average,
                          .channels = x[1],
                          .height = x[2],
                          .width = x[3],
                          .out_height = y[2],
                          .out_width = y[3],
                          .kernel = node.integers("kernel"),
                          .strides = node.integers("strides"),
                          .pads = node.integers("pads"),
                          .counts_padding = !is_max && node.integer("count_include_pad") != 0});
}

Step make_global_avg_pool(const StepContext& context, const Node& node) {
  const graph::Shape& x = context.type_of(node.inputs[0]).shape;
  return pool_step(node, {.reduction = Reduction::average,
                          .channels = x[1],
                          .height = x[2],
                          .width = x[3],
                          .out_height = 1,
                          .out_width = 1,
                          .kernel = {x[2], x[3]},
                          .strides = {1, 1},
                          .pads = {0, 0, 0, 0},
                          .counts_padding = true});
}

}  // namespace pact::engine
