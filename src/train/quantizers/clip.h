// A quantizer as the kernels of training see it: where it clips, its step, and what each element adds to the
// gradient of the number that it learns. `clip_quantize` runs it by itself, normalize_activate.h behind a
// normalisation.
#pragma once

#include <cstdint>
#include <vector>

#include "quant/activations.h"
#include "train/torch.h"

namespace pact::train {

//   q = round(clip(x, least, largest) / step) * step
//
//   d q / d x       = 1 where least <= x < largest, else 0
//   d q / d learned = below where x < least, above where x >= largest,
//                     residue * (round(x / step) - x / step) between; all times gradient_scale
struct Clip {
  std::vector<float> least, largest, step;  // one number, or one for each channel
  double below = 0, above = 1, residue = 0;
  double gradient_scale = 1;

  bool is_one_from_zero() const { return step.size() == 1 && least[0] == 0.0f; }
};

// How the learned number of a scheme enters its gradient.
struct ClipRule {
  enum class Gradient { of_clip, of_rounding } gradient;  // of_rounding: elements between the ends count, too
  double gradient_scale = 1;
};

// The clip of `scheme` on the grid `form` (kind, bits) for its learned numbers, a float32 scalar or
// [channels], undefined where it learns nothing. Throws Error where a number is not positive.
Clip make_clip(quant::ActivationScheme scheme, const quant::Grid& form, const at::Tensor& learned,
               const ClipRule& rule);

// As quant::activation_grid: one grid, or one for each learned number.
std::vector<quant::Grid> activation_grids(quant::ActivationScheme scheme, const quant::Grid& form,
                                          const at::Tensor& learned);

// Where the channel of `x` lies, along which a clip may differ: the second extent of activations [N,C,...],
// the first of weights [O,...].
enum class ChannelAxis { second, first };

// Smallest level that training keeps; below it the step would underflow the products with it.
inline constexpr float kLeastAlpha = 1e-3f;

// q(x), of float32 or bfloat16 (weights: float32), with gradients of x and, where it requires one, `learned`.
// Fused forward and backward (kernels/clip_quantize).
at::Tensor clip_quantize(const at::Tensor& x, const at::Tensor& learned, const Clip& clip,
                         ChannelAxis axis = ChannelAxis::second);

}  // namespace pact::train
