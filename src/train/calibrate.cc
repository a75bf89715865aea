#include "train/calibrate.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "quant/clip.h"
#include "train/quantizers/activation_clips.h"

namespace pact::train {

float best_alpha(std::span<const float> values, int bits) {
  constexpr int kTrials = 80;
  const float largest = values.empty() ? 0.0f : *std::max_element(values.begin(), values.end());
  if (!(largest > kLeastAlpha)) return 1.0f;  // a dead layer says nothing
  float best = largest;
  double least_error = std::numeric_limits<double>::infinity();
  for (int trial = 1; trial <= kTrials; ++trial) {
    const float alpha = largest * static_cast<float>(trial) / kTrials;
    const float step = quant::clip_step(alpha, bits);
    double error = 0;
    for (const float value : values) {
      const float positive = value > 0 ? value : 0;
      const float d = positive - quant::clip_code(value, alpha, step) * step;
      error += static_cast<double>(d) * static_cast<double>(d);
    }
    if (error < least_error) least_error = error, best = alpha;
  }
  return std::max(best, kLeastAlpha);
}

void calibrate(const Executor& executor, Parameters& parameters, const at::Tensor& pixels, Mode mode) {
  at::NoGradGuard no_grad;
  const auto observe = [&](const graph::Node& quant, const at::Tensor& input) {
    if (quant.inputs.size() < 2) return;
    constexpr int64_t kSample = 1 << 15;
    const at::Tensor all = input.to(at::kFloat).flatten();
    // An odd stride: a power of two would meet the same column of every image.
    const int64_t stride = std::max<int64_t>(1, all.numel() / kSample) | 1;
    const at::Tensor sample = all.slice(0, 0, all.numel(), stride).contiguous();
    const std::span<const float> values(sample.data_ptr<float>(), static_cast<size_t>(sample.numel()));
    const float alpha = best_alpha(values, static_cast<int>(quant.integer("bits")));
    parameters.at(executor.graph().value(quant.inputs[1]).name).fill_(alpha);
  };
  executor.run(pixels, {.mode = mode, .activations = Quantization::off, .observer = observe});
}

}  // namespace pact::train
