// Steps of networks of integers alone: rescaling to codes or streams, and what happens to streams. The
// numbers of the channels are repeated up to kPeriod elements, so that the loops of the kernels are long.
#include <memory>

#include "engine/layout.h"
#include "engine/steps.h"
#include "graph/grids.h"

namespace pact::engine {
namespace {

using graph::DataType;
using graph::Node;
using graph::Op;

constexpr int64_t kPeriod = 256;
constexpr int64_t kGrain = 1 << 14;

Step start_step(const Node& node) {
  Step step;
  step.name = node.name;
  step.algorithm = name_of(node.op);
  step.writes = {node.output};
  return step;
}

class FixedStep {
 public:
  FixedStep(const StepContext& context, const Node& node)
      : kernels_(context.fixed),
        from_(context.type_of(node.inputs[0]).dtype),
        x_(node.inputs[0]),
        y_(node.output),
        makes_codes_(node.op == Op::fixed_requantize) {
    const Layout layout = layout_of(context.type_of(node.output).shape);
    const graph::FixedNumbers numbers{context.tensor_of(node, node.inputs[1]),
                                      context.tensor_of(node, node.inputs[2]),
                                      context.tensor_of(node, node.inputs[3])};
    count_ = layout.count();
    period_ = layout.channels;
    // Whole rows only: a period divides the elements of an image.
    while (2 * period_ <= kPeriod && count_ % (2 * period_) == 0) period_ *= 2;
    for (int64_t i = 0; i < period_; ++i) {
      const quant::FixedPoint fixed = numbers.at(static_cast<size_t>(i % layout.channels));
      multiplier_.push_back(fixed.multiplier);
      bias_.push_back(fixed.bias);
      shift_.push_back(fixed.shift);
    }
    if (makes_codes_) {
      const quant::Grid grid = code_grid_of(node);
      least_ = grid.min_code();
      largest_ = grid.max_code();
    }
  }

  void run(const Workspace& workspace) const {
    const int64_t rows = workspace.batch * (count_ / period_);
    const int64_t rows_per_part = std::max<int64_t>(1, kGrain / period_);
    workspace.pool->parallel_for((rows + rows_per_part - 1) / rows_per_part, [&](int64_t part, int worker) {
      const int64_t first = part * rows_per_part;
      run_rows(workspace, first, std::min(rows - first, rows_per_part),
               reinterpret_cast<int32_t*>(workspace.scratch_of(worker)));
    });
  }

  size_t scratch_bytes() const {
    return from_ == DataType::i32 ? 0 : static_cast<size_t>(period_) * sizeof(int32_t);
  }

 private:
  void run_rows(const Workspace& workspace, int64_t first, int64_t rows, int32_t* widened) const {
    if (from_ == DataType::i32) {
      finish(workspace, first, rows, workspace.at<int32_t>(x_) + first * period_);
      return;
    }
    const auto* codes = workspace.at<uint8_t>(x_) + first * period_;
    for (int64_t row = 0; row < rows; ++row, codes += period_) {
      for (int64_t i = 0; i < period_; ++i)
        widened[i] = from_ == DataType::i8 ? int32_t{static_cast<int8_t>(codes[i])} : int32_t{codes[i]};
      finish(workspace, first + row, 1, widened);
    }
  }

  void finish(const Workspace& workspace, int64_t first, int64_t rows, const int32_t* x) const {
    const kernels::FixedRescale r{rows, period_, x, multiplier_.data(), bias_.data(), shift_.data()};
    if (makes_codes_)
      kernels_.requantize(r, least_, largest_, workspace.at<uint8_t>(y_) + first * period_);
    else
      kernels_.rescale(r, workspace.at<int32_t>(y_) + first * period_);
  }

  const kernels::FixedRequantizeKernels& kernels_;
  DataType from_;
  graph::ValueId x_, y_;
  bool makes_codes_;
  int64_t count_ = 0, period_ = 0;
  std::vector<int32_t> multiplier_;
  std::vector<int64_t> bias_, shift_;
  int least_ = 0, largest_ = 0;
};

}  // namespace

Step make_fixed_rescale(const StepContext& context, const Node& node) {
  const auto fixed = std::make_shared<const FixedStep>(context, node);
  Step step = start_step(node);
  step.reads = {node.inputs[0]};
  step.scratch_bytes = fixed->scratch_bytes();
  step.run = [fixed](const Workspace& workspace) { fixed->run(workspace); };
  return step;
}

Step make_stream_relu(const StepContext& context, const Node& node) {
  const int64_t count = layout_of(context.type_of(node.output).shape).count();
  Step step = start_step(node);
  step.reads = node.inputs;
  step.run = [count, x_id = node.inputs[0], y_id = node.output](const Workspace& workspace) {
    for_ranges(workspace, workspace.batch * count, kGrain, [&](int64_t begin, int64_t end) {
      const int32_t* x = workspace.at<int32_t>(x_id);
      int32_t* y = workspace.at<int32_t>(y_id);
      for (int64_t i = begin; i < end; ++i) y[i] = x[i] > 0 ? x[i] : 0;
    });
  };
  return step;
}

// Lowering sees to it that the sums fit; other graphs get them modulo 2^32.
Step make_stream_add(const StepContext& context, const Node& node) {
  const int64_t count = layout_of(context.type_of(node.output).shape).count();
  Step step = start_step(node);
  step.reads = node.inputs;
  step.run = [count, a_id = node.inputs[0], b_id = node.inputs[1],
              y_id = node.output](const Workspace& workspace) {
    for_ranges(workspace, workspace.batch * count, kGrain, [&](int64_t begin, int64_t end) {
      const int32_t* a = workspace.at<int32_t>(a_id);
      const int32_t* b = workspace.at<int32_t>(b_id);
      int32_t* y = workspace.at<int32_t>(y_id);
      for (int64_t i = begin; i < end; ++i)
        y[i] = static_cast<int32_t>(static_cast<uint32_t>(a[i]) + static_cast<uint32_t>(b[i]));
    });
  };
  return step;
}

}  // namespace pact::engine
