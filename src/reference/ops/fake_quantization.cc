// quant: a real number becomes the value of its code, value_of(code_of(x)), on a grid that depends on what
// is quantized:
//   weight (a parameter)        the grid that its scheme chooses, quant/weights.h
//   activation, unsigned grid   the clip of quant/clip.h at alpha: input 1, or 1 without it (scheme dorefa)
//   activation, zero point      the grid whose step is alpha / (2^k - 1), without a clip before
//   activation, another grid    alpha (input 1) is the outermost level: step = alpha / largest code on a
//                               symmetric grid, alpha / ((2^k - 1) / 2) on an odd one, as for weights
#include <cmath>

#include "base/error.h"
#include "quant/clip.h"
#include "quant/weights.h"
#include "reference/ops/ops.h"

namespace pact::reference {

using graph::Tensor;

namespace {

Tensor quantize_weight(const Application& application, quant::GridKind kind, int bits) {
  const quant::WeightScheme scheme = quant::weight_scheme_of(application.node.word("scheme"));
  if (quant::grid_kind_of(scheme) != kind)
    fail("the scheme {} has an {} grid, not an {} one", name_of(scheme), name_of(grid_kind_of(scheme)),
         name_of(kind));
  const auto weights = application.inputs[0]->as<float>();
  const quant::WeightGrid grid = choose_weight_grid(scheme, bits, weights);
  std::vector<int16_t> codes(weights.size());
  quantize_weights(grid, weights, codes);
  std::vector<float> values;
  for (const int16_t code : codes) values.push_back(grid.grid.value_of(code));
  return Tensor::of(application.type.shape, values);
}

// The clip level of an activation.
float alpha_of(const Application& application) {
  const std::string& scheme = application.node.word("scheme");
  if (scheme == "dorefa") return 1.0f;
  if (application.inputs.size() < 2) fail("the scheme {} needs a clip level as second input", scheme);
  const float alpha = application.inputs[1]->as<float>()[0];
  if (!(alpha > 0.0f) || !std::isfinite(alpha)) fail("the clip level {} must be positive", alpha);
  return alpha;
}

quant::Grid activation_grid(quant::Grid grid, float alpha) {
  const quant::GridKind kind = grid.kind;
  if (kind == quant::GridKind::unsigned_) {
    grid.step = quant::clip_step(alpha, grid.bits);
    return grid;
  }
  const float outermost = static_cast<float>(grid.max_code());
  grid.step = alpha / (kind == quant::GridKind::odd ? 0.5f * outermost : outermost);
  return grid;
}

}  // namespace

Tensor quant(const Application& application) {
  const quant::GridKind kind = quant::grid_kind_of(application.node.word("grid"));
  const int bits = static_cast<int>(application.node.integer("bits"));
  if (application.graph.value(application.node.inputs[0]).kind == graph::ValueKind::parameter)
    return quantize_weight(application, kind, bits);

  const float alpha = alpha_of(application);
  const int zero = static_cast<int>(application.node.integer("zero"));
  const quant::Grid grid = activation_grid({.kind = kind, .bits = bits, .zero = zero}, alpha);
  require_valid(grid);
  std::vector<float> values;
  for (const float x : application.inputs[0]->as<float>()) {
    const float inside = kind == quant::GridKind::unsigned_ && zero == 0 ? quant::clip(x, alpha) : x;
    values.push_back(grid.value_of(grid.code_of(inside)));
  }
  return Tensor::of(application.type.shape, values);
}

}  // namespace pact::reference
