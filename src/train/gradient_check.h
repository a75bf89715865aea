// For tests: gradients by central differences in double precision.
#pragma once

#include <functional>

#include "train/torch.h"

#include <torch/csrc/autograd/autograd.h>

namespace pact::train {

// d f / d x[i] for every element of the double tensor `x`, f a double-valued function of it.
inline at::Tensor numeric_gradient(const std::function<double(const at::Tensor&)>& f, const at::Tensor& x,
                                   double h = 1e-5) {
  at::Tensor gradient = at::zeros_like(x);
  at::Tensor probe = x.clone();
  double* p = probe.data_ptr<double>();
  double* g = gradient.data_ptr<double>();
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double at = p[i];
    p[i] = at + h;
    const double above = f(probe);
    p[i] = at - h;
    const double below = f(probe);
    p[i] = at;
    g[i] = (above - below) / (2 * h);
  }
  return gradient;
}

}  // namespace pact::train
