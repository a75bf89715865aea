// flatten, slice, pad: elements move and never change; what pad joins is +0.
#include <cstddef>

#include "reference/ops/ops.h"

namespace pact::reference {

using graph::Shape;
using graph::Tensor;

namespace {

// Steps `position` through `shape` in row-major order; false behind the last one.
bool advance(Shape& position, const Shape& shape) {
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (++position[axis] < shape[axis]) return true;
    position[axis] = 0;
  }
  return false;
}

size_t element_at(const Shape& position, const Shape& shape) {
  int64_t element = 0;
  for (size_t axis = 0; axis < shape.size(); ++axis) element = element * shape[axis] + position[axis];
  return static_cast<size_t>(element);
}

}  // namespace

Tensor flatten(const Application& application) {
  Tensor out = *application.inputs[0];
  out.shape = application.type.shape;
  return out;
}

Tensor slice(const Application& application) {
  const Tensor& in = *application.inputs[0];
  const auto& begin = application.node.integers("begin");
  const auto& step = application.node.integers("step");
  Tensor out = Tensor::zeros(in.type, application.type.shape);
  Shape to(out.shape.size(), 0);
  do {
    Shape from = to;
    for (size_t i = 0; i < begin.size(); ++i) from[i + 1] = begin[i] + to[i + 1] * step[i];
    out.as<float>()[element_at(to, out.shape)] = in.as<float>()[element_at(from, in.shape)];
  } while (advance(to, out.shape));
  return out;
}

Tensor pad(const Application& application) {
  const Tensor& in = *application.inputs[0];
  const auto& before = application.node.integers("before");
  Tensor out = Tensor::zeros(in.type, application.type.shape);
  Shape from(in.shape.size(), 0);
  do {
    Shape to = from;
    for (size_t i = 0; i < before.size(); ++i) to[i + 1] += before[i];
    out.as<float>()[element_at(to, out.shape)] = in.as<float>()[element_at(from, in.shape)];
  } while (advance(from, in.shape));
  return out;
}

}  // namespace pact::reference
