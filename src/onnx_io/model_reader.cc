// Sizes are compared before memory is taken: a file of a hundred bytes may claim to hold a terabyte.
#include "onnx_io/model_reader.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/strings.h"
#include "graph/validity.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Tensor;

template <typename From, typename To, typename Field>
void fill(Tensor& tensor, const onnx::TensorProto& proto, const Field& field) {
  const std::span<To> to = tensor.as<To>();
  if (proto.has_raw_data()) {
    for (size_t i = 0; i < to.size(); ++i) {
      From from;
      std::memcpy(&from, proto.raw_data().data() + i * sizeof from, sizeof from);
      to[i] = static_cast<To>(from);
    }
  } else {
    std::ranges::transform(field, to.begin(), [](auto from) { return static_cast<To>(from); });
  }
}

// Needs elements times `bits` in raw_data, or as many entries in the field of the type.
void require_size(const onnx::TensorProto& proto, int64_t elements, int bits, int entries) {
  const auto wanted = static_cast<size_t>((elements * bits + 7) / 8);
  if (proto.has_raw_data() ? proto.raw_data().size() != wanted : entries != elements)
    fail("tensor '{}' has {} elements by its shape, but its data has {} {}", proto.name(), elements,
         proto.has_raw_data() ? proto.raw_data().size() : static_cast<size_t>(entries),
         proto.has_raw_data() ? "bytes" : "entries");
}

void fill_nibbles(Tensor& tensor, const onnx::TensorProto& proto) {
  const size_t count = static_cast<size_t>(tensor.count());
  for (size_t i = 0; i < count; ++i) {
    int nibble = static_cast<unsigned char>(proto.raw_data()[i / 2]) >> (i % 2 * 4) & 15;
    if (tensor.type == DataType::i8 && nibble > 7) nibble -= 16;
    tensor.bytes[i] = static_cast<std::byte>(nibble);
  }
}

}  // namespace

double decimal_of(float value) {
  return parse_real(fmt::format("{}", value)).value_or(static_cast<double>(value));
}

onnx::ModelProto parse_model(std::string_view bytes, std::string_view origin) {
  const google::protobuf::LogSilencer silence;
  if (bytes.size() >= size_t{1} << 31) fail("{}: an ONNX file holds less than 2 GiB", origin);
  onnx::ModelProto model;
  if (bytes.empty() || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    fail("{} is no ONNX file, or a damaged one", origin);
  if (!model.has_graph()) fail("{}: this ONNX file has no graph", origin);
  return model;
}

Tensor tensor_of(const onnx::TensorProto& proto) {
  if (proto.data_location() == onnx::TensorProto::EXTERNAL || proto.external_data_size() > 0)
    fail(ErrorKind::unsupported,
         "tensor '{}' lies in a file of its own; save the model in one file "
         "(onnx.save(model, path, save_as_external_data=False))",
         proto.name());
  const graph::Shape shape(proto.dims().begin(), proto.dims().end());
  if (shape.size() > graph::kMaxRank)
    fail(ErrorKind::unsupported, "tensor '{}' has rank {}", proto.name(), shape.size());
  for (const int64_t extent : shape)
    if (extent < 0 || extent > graph::kMaxExtent)
      fail("tensor '{}' has an extent of {}", proto.name(), extent);
  const int64_t count = graph::element_count(shape);
  if (count > int64_t{1} << 31) fail("tensor '{}' has {} elements", proto.name(), count);
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT: {
      require_size(proto, count, 32, proto.float_data_size());
      Tensor tensor = Tensor::zeros(DataType::f32, shape);
      fill<float, float>(tensor, proto, proto.float_data());
      return tensor;
    }
    case onnx::TensorProto::DOUBLE: {
      require_size(proto, count, 64, proto.double_data_size());
      Tensor tensor = Tensor::zeros(DataType::f32, shape);
      fill<double, float>(tensor, proto, proto.double_data());
      return tensor;
    }
    case onnx::TensorProto::INT64: {
      require_size(proto, count, 64, proto.int64_data_size());
      Tensor tensor = Tensor::zeros(DataType::i64, shape);
      fill<int64_t, int64_t>(tensor, proto, proto.int64_data());
      return tensor;
    }
    case onnx::TensorProto::INT32: {
      require_size(proto, count, 32, proto.int32_data_size());
      Tensor tensor = Tensor::zeros(DataType::i64, shape);
      fill<int32_t, int64_t>(tensor, proto, proto.int32_data());
      return tensor;
    }
    case onnx::TensorProto::INT8: {
      require_size(proto, count, 8, proto.int32_data_size());
      Tensor tensor = Tensor::zeros(DataType::i8, shape);
      fill<int8_t, int8_t>(tensor, proto, proto.int32_data());
      return tensor;
    }
    case onnx::TensorProto::UINT8: {
      require_size(proto, count, 8, proto.int32_data_size());
      Tensor tensor = Tensor::zeros(DataType::u8, shape);
      fill<uint8_t, uint8_t>(tensor, proto, proto.int32_data());
      return tensor;
    }
    case kInt4:
    case kUint4: {
      if (!proto.has_raw_data())
        fail(ErrorKind::unsupported, "tensor '{}': 4-bit types are read from raw data only", proto.name());
      require_size(proto, count, 4, 0);
      Tensor tensor = Tensor::zeros(proto.data_type() == kInt4 ? DataType::i8 : DataType::u8, shape);
      fill_nibbles(tensor, proto);
      return tensor;
    }
    default:
      fail(ErrorKind::unsupported, "tensor '{}' has the ONNX data type {}, which is not understood here",
           proto.name(), proto.data_type());
  }
}

const onnx::AttributeProto* NodeView::find(std::string_view name) const {
  const auto found = std::ranges::find_if(
      proto_.attribute(), [&](const onnx::AttributeProto& each) { return each.name() == name; });
  return found == proto_.attribute().end() ? nullptr : &*found;
}

const onnx::AttributeProto* NodeView::find(std::string_view name,
                                           onnx::AttributeProto::AttributeType type) const {
  const onnx::AttributeProto* attribute = find(name);
  if (attribute && attribute->type() != type)
    fail("attribute '{}' has the wrong type {}", name, static_cast<int>(attribute->type()));
  return attribute;
}

int64_t NodeView::integer(std::string_view name, int64_t otherwise) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::INT);
  return attribute ? attribute->i() : otherwise;
}

double NodeView::real(std::string_view name, double otherwise) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::FLOAT);
  return attribute ? decimal_of(attribute->f()) : otherwise;
}

std::string NodeView::word(std::string_view name, const std::string& otherwise) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::STRING);
  return attribute ? attribute->s() : otherwise;
}

std::optional<std::vector<int64_t>> NodeView::integers(std::string_view name) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::INTS);
  if (!attribute) return std::nullopt;
  return std::vector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::vector<int64_t> NodeView::extents(std::string_view name, size_t size, int64_t least,
                                       int64_t otherwise) const {
  const std::vector<int64_t> list = integers(name).value_or(std::vector<int64_t>(size, otherwise));
  if (list.size() != size) fail(ErrorKind::unsupported, "{} has {} entries, not {}", name, list.size(), size);
  for (const int64_t each : list)
    if (each < least || each > graph::kMaxExtent)
      fail(ErrorKind::unsupported, "{} has the entry {}", name, each);
  return list;
}

}  // namespace pact::onnx_io
