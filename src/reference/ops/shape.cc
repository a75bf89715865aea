// flatten, slice, pad: elements of any type move and never change; what pad joins is 0.
#include <cstddef>
#include <cstring>

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

void copy_element(const Tensor& in, const Shape& from, Tensor& out, const Shape& to) {
  const size_t bytes = size_bytes(in.type);
  std::memcpy(out.bytes.data() + element_at(to, out.shape) * bytes,
              in.bytes.data() + element_at(from, in.shape) * bytes, bytes);
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
    copy_element(in, from, out, to);
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
    copy_element(in, from, out, to);
  } while (advance(from, in.shape));
  return out;
}

}  // namespace pact::reference
