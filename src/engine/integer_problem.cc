#include "engine/integer_problem.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "graph/grids.h"
#include "quant/grid.h"

namespace pact::engine {
namespace {

using graph::Node;
using graph::Op;
using graph::Shape;

std::vector<int16_t> multiplicands_of(const StepContext& context, const Node& node) {
  const quant::Grid grid = weight_grid_of(node);
  const graph::Tensor& tensor = context.tensor_of(node, node.inputs[1]);
  std::vector<int16_t> multiplicands;
  multiplicands.reserve(tensor.bytes.size());
  for (size_t i = 0; i < tensor.bytes.size(); ++i) {
    const int code = code_at(tensor, i);
    if (code < grid.min_code() || code > grid.max_code())
      fail("node '{}': weight code {} lies outside its grid, {} to {}", node.name, code, grid.min_code(),
           grid.max_code());
    multiplicands.push_back(static_cast<int16_t>(grid.multiplicand(code)));
  }
  return multiplicands;
}

ConvShape conv_shape_of(const StepContext& context, const Node& node) {
  const Shape& x = context.type_of(node.inputs[0]).shape;
  const Shape& y = context.type_of(node.output).shape;
  if (node.op == Op::integer_linear)
    return {.channels = x[1],
            .height = context.images_of(node),
            .outputs = y[1],
            .out_height = context.images_of(node)};
  const Shape& weight = context.type_of(node.inputs[1]).shape;
  const auto& strides = node.integers("strides");
  const auto& dilations = node.integers("dilations");
  const auto& pads = node.integers("pads");
  return {.channels = x[1],
          .height = x[2],
          .width = x[3],
          .outputs = y[1],
          .out_height = y[2],
          .out_width = y[3],
          .kernel_height = weight[2],
          .kernel_width = weight[3],
          .stride_y = strides[0],
          .stride_x = strides[1],
          .dilation_y = dilations[0],
          .dilation_x = dilations[1],
          .top = pads[0],
          .left = pads[1],
          .bottom = pads[2],
          .right = pads[3],
          .groups = node.integer("groups")};
}

void require_fit(const Node& node, const IntegerProblem& problem) {
  const ConvShape& s = problem.shape;
  for (int64_t o = 0; o < s.outputs; ++o) {
    int64_t bound = 0;
    for (int64_t c = 0; c < s.group_channels(); ++c) {
      const int64_t z = problem.zero_of(o / s.group_outputs() * s.group_channels() + c);
      const int64_t largest = std::max(std::abs(problem.largest_code - z), std::abs(problem.least_code - z));
      for (int64_t tap = 0; tap < s.taps(); ++tap)
        bound +=
            largest *
            std::abs(problem.weights[static_cast<size_t>((o * s.group_channels() + c) * s.taps() + tap)]);
    }
    if (bound > std::numeric_limits<int32_t>::max())
      fail(ErrorKind::unsupported, "node '{}': accumulators of output channel {} may reach {}, beyond int32",
           node.name, o, bound);
  }
}

}  // namespace

IntegerProblem make_integer_problem(const StepContext& context, const Node& node) {
  IntegerProblem problem;
  problem.shape = conv_shape_of(context, node);
  problem.is_linear = node.op == Op::integer_linear;
  problem.images = context.images_of(node);
  problem.threads = context.threads;
  problem.isa = context.isa;
  if (!problem.is_linear)
    for (const int64_t code : node.integers("input_zero")) problem.zero.push_back(static_cast<int16_t>(code));
  if (std::ranges::all_of(problem.zero, [](int16_t code) { return code == 0; })) problem.zero.clear();
  problem.weights = multiplicands_of(context, node);
  problem.weight_bits = weight_grid_of(node).bits;
  const graph::CodeRange codes = graph::code_range(context.network.graph, node.inputs[0]);
  problem.has_signed_codes = context.type_of(node.inputs[0]).dtype == graph::DataType::i8;
  problem.least_code = codes.least;
  problem.largest_code = codes.largest;
  require_fit(node, problem);
  return problem;
}

}  // namespace pact::engine
