// Numbers go into raw_data, which is little endian as are the machines that this runs on.
#include "onnx_io/model_writer.h"

#include <bit>

#include "base/error.h"
#include "base/version.h"

namespace pact::onnx_io {
namespace {

static_assert(std::endian::native == std::endian::little);

template <typename Element>
std::string bytes_of(std::span<const Element> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

void set_type(onnx::ValueInfoProto& info, const std::string& name, int type, const graph::Shape& shape) {
  info.set_name(name);
  onnx::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape();
  for (const int64_t extent : shape) {
    onnx::TensorShapeProto::Dimension& dim = *tensor.mutable_shape()->add_dim();
    if (extent == graph::kBatch) {
      dim.set_dim_param("N");
    } else {
      dim.set_dim_value(extent);
    }
  }
}

}  // namespace

onnx::AttributeProto& NodeWriter::add(const char* name, onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& attribute = *node_.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

NodeWriter& NodeWriter::integer(const char* name, int64_t value) {
  add(name, onnx::AttributeProto::INT).set_i(value);
  return *this;
}

NodeWriter& NodeWriter::ints(const char* name, std::span<const int64_t> values) {
  onnx::AttributeProto& attribute = add(name, onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
  return *this;
}

NodeWriter& NodeWriter::real(const char* name, double value) {
  add(name, onnx::AttributeProto::FLOAT).set_f(static_cast<float>(value));
  return *this;
}

NodeWriter& NodeWriter::word(const char* name, const std::string& value) {
  add(name, onnx::AttributeProto::STRING).set_s(value);
  return *this;
}

NodeWriter& NodeWriter::domain(const char* name) {
  node_.set_domain(name);
  return *this;
}

ModelWriter::ModelWriter(const std::string& graph_name, int ir_version, int opset)
    : graph_(*model_.mutable_graph()) {
  model_.set_ir_version(ir_version);
  model_.set_producer_name("pact");
  model_.set_producer_version(kVersion);
  graph_.set_name(graph_name.empty() ? "network" : graph_name);
  import_domain("", opset);
}

void ModelWriter::import_domain(const char* domain, int version) {
  onnx::OperatorSetIdProto& opset = *model_.add_opset_import();
  opset.set_domain(domain);
  opset.set_version(version);
}

void ModelWriter::metadata(const std::string& key, const std::string& value) {
  onnx::StringStringEntryProto& entry = *model_.add_metadata_props();
  entry.set_key(key);
  entry.set_value(value);
}

void ModelWriter::input(const std::string& name, int type, const graph::Shape& shape) {
  take(name);
  set_type(*graph_.add_input(), name, type, shape);
}

void ModelWriter::output(const std::string& name, const graph::Shape& shape) {
  set_type(*graph_.add_output(), name, onnx::TensorProto::FLOAT, shape);
}

void ModelWriter::take(const std::string& name) {
  if (!names_.insert(name).second) fail("the name '{}' is needed twice", name);
}

NodeWriter ModelWriter::node(const char* op, const std::string& name,
                             const std::vector<std::string>& inputs) {
  take(name);
  onnx::NodeProto& node = *graph_.add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(name);
  return NodeWriter(node);
}

std::string ModelWriter::floats(const std::string& name, const graph::Shape& shape,
                                std::span<const float> values) {
  return raw(name, onnx::TensorProto::FLOAT, shape, bytes_of(values));
}

std::string ModelWriter::int64s(const std::string& name, std::span<const int64_t> values) {
  return raw(name, onnx::TensorProto::INT64, {static_cast<int64_t>(values.size())}, bytes_of(values));
}

std::string ModelWriter::raw(const std::string& name, int type, const graph::Shape& shape,
                             std::string bytes) {
  if (const auto found = initializers_.find(name); found != initializers_.end()) {
    if (graph_.initializer(found->second).raw_data() != bytes) fail("the name '{}' is needed twice", name);
    return name;
  }
  take(name);
  initializers_[name] = graph_.initializer_size();
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const int64_t extent : shape) tensor.add_dims(extent);
  tensor.set_raw_data(std::move(bytes));
  return name;
}

std::string ModelWriter::serialize() const {
  if (model_.ByteSizeLong() >= size_t{1} << 31)
    fail(ErrorKind::unsupported, "the network takes {} bytes, an ONNX file holds less than 2 GiB",
         model_.ByteSizeLong());
  std::string bytes;
  PACT_CHECK(model_.SerializeToString(&bytes));
  return bytes;
}

}  // namespace pact::onnx_io
