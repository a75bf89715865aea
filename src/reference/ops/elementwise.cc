// relu, clip and add, in float32.
//   relu  x > 0 ? x : 0: NaN and -0 become +0
//   clip  x > low ? x : low, then the same with high: NaN becomes low
//   add   a + b, rounded once
#include "reference/ops/ops.h"

namespace pact::reference {

using graph::DataType;
using graph::Tensor;

Tensor relu(const Application& application) {
  const auto x = application.inputs[0]->as<float>();
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto y = out.as<float>();
  for (size_t i = 0; i < y.size(); ++i) y[i] = x[i] > 0.0f ? x[i] : 0.0f;
  return out;
}

Tensor clip(const Application& application) {
  const float low = static_cast<float>(application.node.real("low"));
  const float high = static_cast<float>(application.node.real("high"));
  const auto x = application.inputs[0]->as<float>();
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto y = out.as<float>();
  for (size_t i = 0; i < y.size(); ++i) {
    const float above = x[i] > low ? x[i] : low;
    y[i] = above < high ? above : high;
  }
  return out;
}

Tensor add(const Application& application) {
  const auto a = application.inputs[0]->as<float>();
  const auto b = application.inputs[1]->as<float>();
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto y = out.as<float>();
  for (size_t i = 0; i < y.size(); ++i) y[i] = a[i] + b[i];
  return out;
}

}  // namespace pact::reference
