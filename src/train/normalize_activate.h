// Batch norm, shortcut, ReLU and activation quantizer of one layer as one differentiable function over the
// fused kernels (kernels/norm_activate). Activations are float32 or bfloat16, channels-last; everything per
// channel and all sums are float32 or wider. Sums are formed over fixed blocks and added in fixed order, so
// that results do not depend on the number of threads. With several processes the statistics are those of all
// their pixels, forward and backward: sums per channel travel, two numbers each way.
#pragma once

#include <optional>

#include "train/processes/processes.h"
#include "train/quantizers/clip.h"
#include "train/torch.h"

namespace pact::train {

enum class Statistics { of_batch, running };
enum class Rectifier { none, relu };

struct NormalizeActivateOptions {
  Statistics statistics = Statistics::of_batch;
  double momentum = 0.1;  // weight of the batch in the running statistics
  double epsilon = 1e-5;
  Rectifier rectifier = Rectifier::relu;
  std::optional<Clip>
      clip{};  // of `quantized`, one for the tensor, from 0 up, behind a ReLU; none: not wanted
  enum class Real { wanted, unwanted } real = Real::wanted;
  const Processes* processes = nullptr;  // that share the batch, and outlive the backward pass; or none
};

struct NormalizeActivateInput {
  at::Tensor y;                                       // [N,C,H,W] or [N,C]
  at::Tensor gamma, beta, running_mean, running_var;  // [C]; the running ones are updated in place
  at::Tensor shortcut;                                // shape of y, or undefined
  at::Tensor learned;                                 // what the clip comes from, a scalar, or undefined
};

struct NormalizeActivateOutput {
  at::Tensor real;       // the activation in high precision, or undefined
  at::Tensor quantized;  // its value on the grid of the clip, or undefined
};

NormalizeActivateOutput normalize_activate(const NormalizeActivateInput& input,
                                           const NormalizeActivateOptions& options);

}  // namespace pact::train
