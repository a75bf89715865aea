// Steps whose every output element depends on one element (of each input) and its channel. The arithmetic of
// each stands over it; docs/number_format.md has that of the codes.
#include <cmath>
#include <memory>

#include "base/error.h"
#include "engine/layout.h"
#include "engine/steps.h"
#include "graph/grids.h"
#include "quant/grid.h"
#include "quant/inverse.h"
#include "quant/requantize.h"

namespace pact::engine {
namespace {

using graph::Node;
using graph::ValueId;

constexpr int64_t kGrain = 1 << 14;

Step start_step(const Node& node, std::vector<ValueId> reads) {
  Step step;
  step.name = node.name;
  step.algorithm = name_of(node.op);
  step.reads = std::move(reads);
  step.writes = {node.output};
  return step;
}

// y[i] = map(x[i], channel of i), f32 or i32 to f32.
template <typename Element, typename Map>
Step per_channel(const StepContext& context, const Node& node, Map map) {
  const Layout layout = layout_of(context.type_of(node.output).shape);
  Step step = start_step(node, {node.inputs[0]});
  step.run = [=, x_id = node.inputs[0], y_id = node.output, channels = layout.channels,
              pixels = layout.pixels](const Workspace& workspace) {
    const Element* x = workspace.at<Element>(x_id);
    float* y = workspace.at<float>(y_id);
    const int64_t grain = std::max<int64_t>(1, kGrain / channels);
    for_ranges(workspace, workspace.batch * pixels, grain, [&](int64_t begin, int64_t end) {
      for (int64_t pixel = begin; pixel < end; ++pixel)
        for (int64_t c = 0; c < channels; ++c)
          y[pixel * channels + c] = map(x[pixel * channels + c], static_cast<size_t>(c));
    });
  };
  return step;
}

template <typename Map>
Step each(const StepContext& context, const Node& node, Map map) {
  const int64_t count = layout_of(context.type_of(node.output).shape).count();
  Step step = start_step(node, node.inputs);
  step.run = [=](const Workspace& workspace) {
    for_ranges(workspace, workspace.batch * count, kGrain,
               [&](int64_t begin, int64_t end) { map(workspace, begin, end); });
  };
  return step;
}

std::vector<float> floats_of(const std::vector<double>& reals) { return {reals.begin(), reals.end()}; }

std::vector<double> doubles_of(const graph::Tensor& tensor) {
  const auto floats = tensor.as<float>();
  return {floats.begin(), floats.end()};
}

}  // namespace

kernels::Requantize codes_on_grid(const Node& node) {
  const quant::Grid grid = grid_of(node);
  kernels::Requantize requantize;
  requantize.code_kind =
      grid.kind == quant::GridKind::odd ? kernels::CodeKind::odd : kernels::CodeKind::whole;
  requantize.step = grid.step;
  const quant::Inverse inverse = quant::exact_inverse(grid);
  requantize.inverse = inverse.near;
  requantize.inverse_rest = inverse.rest;
  requantize.least_code = grid.min_code();
  requantize.largest_code = grid.max_code();
  return requantize;
}

// code = code of x on the grid. The kernels know no zero point; networks that PACT trained have none.
Step make_quantize(const StepContext& context, const Node& node) {
  if (const quant::Grid grid = grid_of(node); grid.zero != 0)
    return each(
        context, node,
        [grid, x = node.inputs[0], y = node.output](const Workspace& workspace, int64_t begin, int64_t end) {
          const float* from = workspace.at<float>(x);
          uint8_t* to = workspace.at<uint8_t>(y);
          for (int64_t i = begin; i < end; ++i) to[i] = static_cast<uint8_t>(grid.code_of(from[i]));
        });
  return each(context, node,
              [grid = codes_on_grid(node), kernel = context.kernels.quantize, x = node.inputs[0],
               y = node.output](const Workspace& workspace, int64_t begin, int64_t end) {
                kernel(grid, end - begin, workspace.at<float>(x) + begin, workspace.at<uint8_t>(y) + begin);
              });
}

// x = multiplicand(code) * unit
Step make_dequantize(const StepContext& context, const Node& node) {
  if (node.inputs.size() > 1)
    fail(ErrorKind::unsupported,
         "node '{}': a step for each output belongs to weights, which lowering resolves; lower the network "
         "first",
         node.name);
  const quant::Grid grid = grid_of(node);
  const auto make = [&]<typename Code>(Code) {
    return each(
        context, node,
        [grid, x = node.inputs[0], y = node.output](const Workspace& workspace, int64_t begin, int64_t end) {
          const Code* from = workspace.at<Code>(x);
          float* to = workspace.at<float>(y);
          for (int64_t i = begin; i < end; ++i) to[i] = grid.value_of(from[i]);
        });
  };
  return context.type_of(node.inputs[0]).dtype == graph::DataType::i8 ? make(int8_t{}) : make(uint8_t{});
}

// z = float32(acc) * multiplier[c] + bias[c]; a real x stands for float32(acc)
Step make_rescale(const StepContext& context, const Node& node) {
  const auto multiplier = context.tensor_of(node, node.inputs[1]).as<float>();
  const auto bias = context.tensor_of(node, node.inputs[2]).as<float>();
  const std::vector<float> factors(multiplier.begin(), multiplier.end()), terms(bias.begin(), bias.end());
  if (context.type_of(node.inputs[0]).dtype == graph::DataType::f32)
    return per_channel<float>(context, node, [factors, terms](float x, size_t c) {
      return quant::scale_real(x, factors[c], terms[c]);
    });
  return per_channel<int32_t>(context, node, [factors, terms](int32_t x, size_t c) {
    return quant::scale_accumulator(x, factors[c], terms[c]);
  });
}

// y = (x - mean[c]) / std[c] in float32, mean and std rounded to it first
Step make_normalize(const StepContext& context, const Node& node) {
  return per_channel<float>(context, node,
                            [mean = floats_of(node.reals("mean")), deviation = floats_of(node.reals("std"))](
                                float x, size_t c) { return (x - mean[c]) / deviation[c]; });
}

// y = (x - mean[c]) / sqrt(variance[c] + epsilon) * gamma[c] + beta[c] in double, rounded to float32 once
Step make_batch_norm(const StepContext& context, const Node& node) {
  const auto numbers = [&](size_t i) { return doubles_of(context.tensor_of(node, node.inputs[i])); };
  std::vector<double> deviation = numbers(4);
  for (double& d : deviation) d = std::sqrt(d + node.real("epsilon"));
  return per_channel<float>(context, node,
                            [gamma = numbers(1), beta = numbers(2), mean = numbers(3),
                             deviation = std::move(deviation)](float x, size_t c) {
                              const double normal = (double{x} - mean[c]) / deviation[c];
                              return static_cast<float>(normal * gamma[c] + beta[c]);
                            });
}

// y = x > 0 ? x : 0
Step make_relu(const StepContext& context, const Node& node) {
  return each(context, node,
              [x = node.inputs[0], y = node.output](const Workspace& workspace, int64_t begin, int64_t end) {
                const float* from = workspace.at<float>(x);
                float* to = workspace.at<float>(y);
                for (int64_t i = begin; i < end; ++i) to[i] = from[i] > 0.0f ? from[i] : 0.0f;
              });
}

// y = min(max(x, low), high); NaN becomes low
Step make_clip(const StepContext& context, const Node& node) {
  return each(context, node,
              [low = static_cast<float>(node.real("low")), high = static_cast<float>(node.real("high")),
               x = node.inputs[0], y = node.output](const Workspace& workspace, int64_t begin, int64_t end) {
                const float* from = workspace.at<float>(x);
                float* to = workspace.at<float>(y);
                for (int64_t i = begin; i < end; ++i) {
                  const float above = from[i] > low ? from[i] : low;
                  to[i] = above < high ? above : high;
                }
              });
}

Step make_add(const StepContext& context, const Node& node) {
  return each(context, node,
              [a_id = node.inputs[0], b_id = node.inputs[1], y = node.output](const Workspace& workspace,
                                                                              int64_t begin, int64_t end) {
                const float* a = workspace.at<float>(a_id);
                const float* b = workspace.at<float>(b_id);
                float* to = workspace.at<float>(y);
                for (int64_t i = begin; i < end; ++i) to[i] = a[i] + b[i];
              });
}

}  // namespace pact::engine
