#include "train/calibrate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "graph/grids.h"
#include "quant/activations.h"
#include "train/quantizers/clip.h"

namespace pact::train {
namespace {

bool learns_step(const graph::Node& quant) {
  return quant::activation_scheme_of(quant.word("scheme")).learned == quant::Learned::step;
}

// Some values of what shares a number: of a whole input, or of one channel.
std::vector<float> sample_of(const at::Tensor& input) {
  constexpr int64_t kSample = 1 << 15;
  const at::Tensor all = input.to(at::kFloat).flatten();
  // An odd stride: a power of two would meet the same column of every image.
  const int64_t stride = std::max<int64_t>(1, all.numel() / kSample) | 1;
  const at::Tensor sample = all.slice(0, 0, all.numel(), stride).contiguous();
  return {sample.data_ptr<float>(), sample.data_ptr<float>() + sample.numel()};
}

float start_of(const graph::Node& quant, std::span<const float> sample, Calibrated which) {
  const quant::Grid form = form_of(quant);
  if (which == Calibrated::steps) return quant::starting_step(form, sample);
  const float alpha = best_alpha(sample, form);
  return learns_step(quant) ? quant::activation_grid(quant::ActivationScheme::pact, form, alpha).step : alpha;
}

}  // namespace

float best_alpha(std::span<const float> values, const quant::Grid& form) {
  constexpr int kTrials = 80;
  float largest = 0.0f;
  for (const float value : values)
    largest = std::max(largest, has_signed_codes(form.kind) ? std::fabs(value) : value);
  if (!(largest > kLeastAlpha)) return 1.0f;  // a dead layer says nothing
  float best = largest;
  double least_error = std::numeric_limits<double>::infinity();
  for (int trial = 1; trial <= kTrials; ++trial) {
    const float alpha = largest * static_cast<float>(trial) / kTrials;
    const quant::Grid grid = activation_grid(quant::ActivationScheme::pact, form, alpha);
    double error = 0;
    for (const float value : values) {
      const float inside = !has_signed_codes(form.kind) && !(value > 0) ? 0.0f : value;
      const float d = inside - grid.value_of(grid.code_of(inside));
      error += static_cast<double>(d) * static_cast<double>(d);
    }
    if (error < least_error) least_error = error, best = alpha;
  }
  return std::max(best, kLeastAlpha);
}

void calibrate(const Executor& executor, Parameters& parameters, const at::Tensor& pixels, Mode mode,
               Calibrated which) {
  at::NoGradGuard no_grad;
  const auto observe = [&](const graph::Node& quant, const at::Tensor& input) {
    if (quant.inputs.size() < 2 || (which == Calibrated::steps && !learns_step(quant))) return;
    const at::Tensor learned = parameters.at(executor.graph().value(quant.inputs[1]).name);
    for (int64_t c = 0; c < learned.numel(); ++c) {
      const std::vector<float> sample = sample_of(learned.dim() == 0 ? input : input.select(1, c));
      learned.data_ptr<float>()[c] = start_of(quant, sample, which);
    }
  };
  executor.run(pixels,
               {.mode = mode, .activations = Quantization::off, .observer = observe, .momentum = 0.0});
}

bool learns_activation_steps(const graph::Graph& graph) {
  return std::ranges::any_of(graph.nodes(), [&](const graph::Node& node) {
    return node.op == graph::Op::quant && graph.value(node.inputs[0]).kind != graph::ValueKind::parameter &&
           learns_step(node);
  });
}

}  // namespace pact::train
