// ONNX files as tests build them, message by message.
#pragma once

#include <string>
#include <vector>

#include "graph/tensor.h"
#include "onnx_io/proto.h"

namespace pact::onnx_io {

inline void add_floats(onnx::GraphProto& graph, const std::string& name, std::vector<int64_t> shape) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t extent : shape) tensor.add_dims(extent);
  for (int64_t i = 0; i < graph::element_count(shape); ++i)
    tensor.add_float_data(0.25f * static_cast<float>(i % 7) - 0.5f);
}

inline void add_integers(onnx::GraphProto& graph, const std::string& name,
                         const std::vector<int64_t>& values) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<int64_t>(values.size()));
  for (const int64_t value : values) tensor.add_int64_data(value);
}

// One number, or a list where there are several.
inline void add_reals(onnx::GraphProto& graph, const std::string& name, const std::vector<float>& values) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  if (values.size() > 1) tensor.add_dims(static_cast<int64_t>(values.size()));
  for (const float value : values) tensor.add_float_data(value);
}

// INT8, UINT8 or INT32, of which the entries stand in int32_data.
inline void add_codes(onnx::GraphProto& graph, const std::string& name, int type,
                      const std::vector<int64_t>& shape, const std::vector<int32_t>& values) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const int64_t extent : shape) tensor.add_dims(extent);
  for (const int32_t value : values) tensor.add_int32_data(value);
}

inline onnx::NodeProto& add_node(onnx::GraphProto& graph, const char* op, const std::string& output,
                                 const std::vector<std::string>& inputs) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

inline void set_ints(onnx::NodeProto& node, const char* name, const std::vector<int64_t>& values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

inline void set_int(onnx::NodeProto& node, const char* name, int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

inline void set_word(onnx::NodeProto& node, const char* name, const char* value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(value);
}

inline onnx::ModelProto empty_model(std::vector<int64_t> extents = {1, 2, 7, 7}) {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.add_opset_import()->set_version(13);
  onnx::ValueInfoProto& input = *model.mutable_graph()->add_input();
  input.set_name("x");
  input.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  for (const int64_t extent : extents)
    input.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(extent);
  model.mutable_graph()->add_output()->set_name("y");
  return model;
}

}  // namespace pact::onnx_io
