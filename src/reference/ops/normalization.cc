// normalize and batch_norm: one affine map per channel.
//   normalize   (x - mean[c]) / std[c] with mean and std rounded to float32 first; difference and quotient
//               are each rounded to float32, as training does it
//   batch_norm  (x - mean[c]) / sqrt(variance[c] + epsilon) * gamma[c] + beta[c], all of it in double from
//               left to right, then rounded to float32 once
#include <cmath>

#include "reference/ops/channels.h"
#include "reference/ops/ops.h"

namespace pact::reference {

using graph::DataType;
using graph::Tensor;

Tensor normalize(const Application& application) {
  const auto x = application.inputs[0]->as<float>();
  const auto& mean = application.node.reals("mean");
  const auto& std = application.node.reals("std");
  const Channels channels(application.type.shape);
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto y = out.as<float>();
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t c = channels.of(i);
    const float difference = x[i] - static_cast<float>(mean[c]);
    y[i] = difference / static_cast<float>(std[c]);
  }
  return out;
}

Tensor batch_norm(const Application& application) {
  const auto input = [&](size_t i) { return application.inputs[i]->as<float>(); };
  const auto x = input(0), gamma = input(1), beta = input(2), mean = input(3), variance = input(4);
  const double epsilon = application.node.real("epsilon");
  const Channels channels(application.type.shape);
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto y = out.as<float>();
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t c = channels.of(i);
    const double deviation = std::sqrt(double{variance[c]} + epsilon);
    const double normal = (double{x[i]} - double{mean[c]}) / deviation;
    y[i] = static_cast<float>(normal * double{gamma[c]} + double{beta[c]});
  }
  return out;
}

}  // namespace pact::reference
