// relu, clip and add, in float32; relu and add also on int32 streams.
//   relu  x > 0 ? x : 0: NaN and -0 become +0
//   clip  x > low ? x : low, then the same with high: NaN becomes low
//   add   a + b, rounded once; in int32 exact, or refused
#include "reference/ops/ops.h"

namespace pact::reference {

using graph::DataType;
using graph::Tensor;

Tensor relu(const Application& application) {
  if (application.type.dtype == DataType::i32) {
    Tensor out = *application.inputs[0];
    for (int32_t& x : out.as<int32_t>()) x = x > 0 ? x : 0;
    return out;
  }
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
  if (application.type.dtype == DataType::i32) {
    Tensor out = *application.inputs[0];
    const auto b = application.inputs[1]->as<int32_t>();
    const auto y = out.as<int32_t>();
    for (size_t i = 0; i < y.size(); ++i) y[i] = to_int32(int64_t{y[i]} + b[i]);
    return out;
  }
  const auto a = application.inputs[0]->as<float>();
  const auto b = application.inputs[1]->as<float>();
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto y = out.as<float>();
  for (size_t i = 0; i < y.size(); ++i) y[i] = a[i] + b[i];
  return out;
}

}  // namespace pact::reference
