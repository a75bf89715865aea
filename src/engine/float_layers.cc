// conv2d and linear on real numbers: products and their sum in double, in the order (channel, kernel row,
// kernel column), the bias added in double, rounded to float32 once. Channels of the output are computed
// eight at a time; each keeps its own order, so the bits are those of one at a time.
#include <memory>

#include "engine/layout.h"
#include "engine/steps.h"
#include "graph/rules.h"

namespace pact::engine {
namespace {

using graph::Node;
using graph::Shape;

constexpr int64_t kBlock = 8;

struct FloatConv {
  Shape x, weight, y;  // [N,C,H,W], [O,C/groups,kh,kw], [N,O,H,W]
  std::vector<int64_t> strides{1, 1}, pads{0, 0, 0, 0}, dilations{1, 1};
  int64_t groups = 1;
  std::vector<double> packed;  // [group][block][channel][kh][kw][kBlock]
  std::vector<double> bias;    // [O] or none

  int64_t group_outputs() const { return y[1] / groups; }
  int64_t blocks() const { return (group_outputs() + kBlock - 1) / kBlock; }
  int64_t block_size() const { return weight[1] * weight[2] * weight[3] * kBlock; }
};

void pack(FloatConv& conv, std::span<const float> weight) {
  const int64_t taps = conv.weight[1] * conv.weight[2] * conv.weight[3];
  conv.packed.assign(static_cast<size_t>(conv.groups * conv.blocks() * conv.block_size()), 0.0);
  for (int64_t o = 0; o < conv.y[1]; ++o) {
    const int64_t group = o / conv.group_outputs(), inside = o % conv.group_outputs();
    double* to =
        conv.packed.data() + (group * conv.blocks() + inside / kBlock) * conv.block_size() + inside % kBlock;
    for (int64_t tap = 0; tap < taps; ++tap) to[tap * kBlock] = weight[static_cast<size_t>(o * taps + tap)];
  }
}

// The sums of one block at output pixel (row, column) of an image.
void sum_block(const FloatConv& conv, const float* image, const double* weights, int64_t group, int64_t row,
               int64_t column, double* sums) {
  const int64_t channels = conv.x[1], height = conv.x[2], width = conv.x[3];
  double own[kBlock] = {};
  for (int64_t c = 0; c < conv.weight[1]; ++c)
    for (int64_t i = 0; i < conv.weight[2]; ++i) {
      const int64_t y = row * conv.strides[0] - conv.pads[0] + i * conv.dilations[0];
      for (int64_t j = 0; j < conv.weight[3]; ++j, weights += kBlock) {
        const int64_t x = column * conv.strides[1] - conv.pads[1] + j * conv.dilations[1];
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        const double value = image[(y * width + x) * channels + group * conv.weight[1] + c];
        for (int64_t o = 0; o < kBlock; ++o) own[o] += value * weights[o];
      }
    }
  for (int64_t o = 0; o < kBlock; ++o) sums[o] = own[o];
}

void compute_pixel(const FloatConv& conv, const float* image, int64_t row, int64_t column, float* out) {
  for (int64_t group = 0; group < conv.groups; ++group)
    for (int64_t block = 0; block < conv.blocks(); ++block) {
      double sums[kBlock];
      const double* weights = conv.packed.data() + (group * conv.blocks() + block) * conv.block_size();
      sum_block(conv, image, weights, group, row, column, sums);
      const int64_t first = group * conv.group_outputs() + block * kBlock;
      const int64_t count = std::min(kBlock, conv.group_outputs() - block * kBlock);
      for (int64_t o = 0; o < count; ++o) {
        if (!conv.bias.empty()) sums[o] += conv.bias[static_cast<size_t>(first + o)];
        out[first + o] = static_cast<float>(sums[o]);
      }
    }
}

Step float_step(const StepContext& context, const Node& node, FloatConv conv) {
  for (Shape* shape : {&conv.x, &conv.weight, &conv.y}) shape->resize(4, 1);
  pack(conv, context.tensor_of(node, node.inputs[1]).as<float>());
  if (node.inputs.size() > 2) {
    const auto bias = context.tensor_of(node, node.inputs[2]).as<float>();
    conv.bias.assign(bias.begin(), bias.end());
  }
  Step step;
  step.name = node.name;
  step.algorithm = "float, sums in double";
  step.macs = macs_per_image(context.network.graph, node);
  step.reads = {node.inputs[0]};
  step.writes = {node.output};
  const auto shared = std::make_shared<const FloatConv>(std::move(conv));
  step.run = [shared, x_id = node.inputs[0], y_id = node.output](const Workspace& workspace) {
    const FloatConv& c = *shared;
    const float* x = workspace.at<float>(x_id);
    float* y = workspace.at<float>(y_id);
    workspace.pool->parallel_for(workspace.batch * c.y[2], [&](int64_t index, int) {
      const float* image = x + index / c.y[2] * c.x[1] * c.x[2] * c.x[3];
      for (int64_t column = 0; column < c.y[3]; ++column)
        compute_pixel(c, image, index % c.y[2], column, y + (index * c.y[3] + column) * c.y[1]);
    });
  };
  return step;
}

}  // namespace

Step make_float_conv2d(const StepContext& context, const Node& node) {
  return float_step(context, node,
                    {.x = context.type_of(node.inputs[0]).shape,
                     .weight = context.type_of(node.inputs[1]).shape,
                     .y = context.type_of(node.output).shape,
                     .strides = node.integers("strides"),
                     .pads = node.integers("pads"),
                     .dilations = node.integers("dilations"),
                     .groups = node.integer("groups"),
                     .packed = {},
                     .bias = {}});
}

Step make_float_linear(const StepContext& context, const Node& node) {
  FloatConv conv;
  conv.x = context.type_of(node.inputs[0]).shape;
  conv.weight = context.type_of(node.inputs[1]).shape;
  conv.y = context.type_of(node.output).shape;
  return float_step(context, node, std::move(conv));
}

}  // namespace pact::engine
