// The parts of an ONNX file, with what they claim checked against what is there before memory is taken.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "onnx_io/external_data.h"
#include "onnx_io/proto.h"

namespace pact::onnx_io {

// Throws Error when the bytes are no ONNX model.
onnx::ModelProto parse_model(std::string_view bytes, std::string_view origin);

// f32 (from float, double, float16, bfloat16), i64 (from int64, int32, bool), i8 and u8 (types of 4 and 2 bits
// are unpacked). Throws Error on other types, external data that cannot be had, a size that the extents do not
// explain, and numbers that their type cannot hold.
graph::Tensor tensor_of(const onnx::TensorProto& proto, ExternalData& external);

// The shape and type that it would have, without its numbers. Throws Error as above.
graph::TensorType type_of(const onnx::TensorProto& proto);

// How many bytes its numbers take in a file beside the model. Throws Error as above.
size_t external_bytes(const onnx::TensorProto& proto);

// Is it a type of real numbers of 16 bits?
bool is_half(int data_type);

// 2, 4 or 8 for the types of codes, 8 for others.
int code_bits_of(const onnx::TensorProto& proto);

// 0.1f means 0.1: the shortest decimal that gives this float.
double decimal_of(float value);

// Attributes of a node by name; a type other than the asked one is an Error.
class NodeView {
 public:
  explicit NodeView(const onnx::NodeProto& proto) : proto_(proto) {}
  const onnx::NodeProto& proto() const { return proto_; }
  const std::string& op() const { return proto_.op_type(); }

  int64_t integer(std::string_view name, int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  std::string word(std::string_view name, const std::string& otherwise) const;
  std::optional<std::vector<int64_t>> integers(std::string_view name) const;
  // `size` entries of at least `least`, at most 2^31; all `otherwise` where there are none.
  std::vector<int64_t> extents(std::string_view name, size_t size, int64_t least, int64_t otherwise) const;
  const onnx::AttributeProto* find(std::string_view name) const;

  // The name of input i; empty where it is left out.
  std::string input(int i) const { return i < proto_.input_size() ? proto_.input(i) : std::string(); }

 private:
  const onnx::AttributeProto* find(std::string_view name, onnx::AttributeProto::AttributeType type) const;
  const onnx::NodeProto& proto_;
};

}  // namespace pact::onnx_io
