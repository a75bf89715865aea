// relu and add, in float32.
//   relu  x > 0 ? x : 0: NaN and -0 become +0
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

Tensor add(const Application& application) {
  const auto a = application.inputs[0]->as<float>();
  const auto b = application.inputs[1]->as<float>();
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto y = out.as<float>();
  for (size_t i = 0; i < y.size(); ++i) y[i] = a[i] + b[i];
  return out;
}

}  // namespace pact::reference
