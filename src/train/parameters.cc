#include "train/parameters.h"

#include <cstring>

#include "base/error.h"

namespace pact::train {
namespace {

at::ScalarType type_of(graph::DataType type) {
  switch (type) {
    case graph::DataType::f32:
      return at::kFloat;
    case graph::DataType::f64:
      return at::kDouble;
    case graph::DataType::i64:
      return at::kLong;
    case graph::DataType::i32:
      return at::kInt;
    case graph::DataType::i16:
      return at::kShort;
    case graph::DataType::i8:
      return at::kChar;
    case graph::DataType::u8:
      return at::kByte;
  }
  fail(ErrorKind::internal, "unknown data type");
}

}  // namespace

at::Tensor to_torch(const graph::Tensor& tensor) {
  const at::Tensor t = at::empty(tensor.shape, type_of(tensor.type));
  std::memcpy(t.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  return t;
}

graph::Tensor from_torch(const at::Tensor& tensor) {
  const at::Tensor t = tensor.detach().to(at::kCPU).contiguous();
  PACT_CHECK(t.scalar_type() == at::kFloat || t.scalar_type() == at::kLong);
  graph::Tensor result = graph::Tensor::zeros(
      t.scalar_type() == at::kFloat ? graph::DataType::f32 : graph::DataType::i64, t.sizes().vec());
  std::memcpy(result.bytes.data(), t.data_ptr(), result.bytes.size());
  return result;
}

Parameters to_parameters(const graph::Network& network, at::Device device) {
  Parameters parameters;
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    at::Tensor t = to_torch(network.tensors.at(value.name)).to(device);
    if (value.kind == graph::ValueKind::parameter && !t.is_floating_point())
      fail(ErrorKind::unsupported,
           "'{}' holds integers: it belongs to an integer network, which cannot be trained", value.name);
    t.set_requires_grad(value.kind == graph::ValueKind::parameter);
    parameters[value.name] = t;
  }
  return parameters;
}

Parameters on_cpu(const Parameters& parameters) {
  Parameters here;
  for (const auto& [name, tensor] : parameters)
    here[name] = tensor.is_cpu() ? tensor : tensor.detach().to(at::kCPU);
  return here;
}

void copy_into(const Parameters& to, const graph::Tensors& from, const std::string& what) {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : to) {
    const auto found = from.find(name);
    if (found == from.end() || found->second.shape != tensor.sizes().vec())
      fail("{} do not fit the network at '{}'", what, name);
    tensor.copy_(to_torch(found->second));
  }
}

graph::Tensors to_tensors(const Parameters& parameters) {
  graph::Tensors tensors;
  for (const auto& [name, tensor] : parameters) tensors[name] = from_torch(tensor);
  return tensors;
}

}  // namespace pact::train
