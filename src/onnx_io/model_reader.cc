// Sizes are compared before memory is taken: a file of a hundred bytes may claim to hold a terabyte.
#include "onnx_io/model_reader.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "graph/validity.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Tensor;

// The numbers of a tensor in the form they have in the file: raw bytes, or entries of the type's field.
struct Source {
  const onnx::TensorProto& proto;
  std::optional<std::string_view> raw;
};

// A number of the file, of type From, as ours; `entry` may be of a wider type, as int32_data is for 8 bits.
template <typename From, typename To, typename Entry>
To converted(Entry entry, const onnx::TensorProto& proto) {
  if constexpr (std::is_integral_v<From>) {
    if (!std::in_range<From>(entry))
      fail("tensor '{}' has the entry {}, which its type, {} to {}, cannot hold", proto.name(), entry,
           std::numeric_limits<From>::min(), std::numeric_limits<From>::max());
  } else if constexpr (sizeof(To) < sizeof(From)) {
    if (std::isfinite(entry) && std::abs(entry) > static_cast<From>(std::numeric_limits<To>::max()))
      fail("tensor '{}' has the entry {}, which is beyond the numbers of 32 bits", proto.name(), entry);
  }
  return static_cast<To>(entry);
}

template <typename From, typename To, typename Field>
void fill(Tensor& tensor, const Source& source, const Field& field) {
  const std::span<To> to = tensor.as<To>();
  if (source.raw) {
    for (size_t i = 0; i < to.size(); ++i) {
      From from;
      std::memcpy(&from, source.raw->data() + i * sizeof from, sizeof from);
      to[i] = converted<From, To>(from, source.proto);
    }
  } else {
    std::ranges::transform(field, to.begin(),
                           [&](auto entry) { return converted<From, To>(entry, source.proto); });
  }
}

// Bits of an element in raw data, and its type here.
struct ElementType {
  int bits;
  DataType type;
};

ElementType element_type(const onnx::TensorProto& proto) {
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT:
      return {32, DataType::f32};
    case onnx::TensorProto::DOUBLE:
      return {64, DataType::f32};
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      return {16, DataType::f32};
    case onnx::TensorProto::INT64:
      return {64, DataType::i64};
    case onnx::TensorProto::INT32:
      return {32, DataType::i64};
    case onnx::TensorProto::BOOL:
      return {8, DataType::i64};
    case onnx::TensorProto::INT8:
      return {8, DataType::i8};
    case onnx::TensorProto::UINT8:
      return {8, DataType::u8};
    case kInt4:
      return {4, DataType::i8};
    case kUint4:
      return {4, DataType::u8};
    case kInt2:
      return {2, DataType::i8};
    case kUint2:
      return {2, DataType::u8};
    default:
      fail(ErrorKind::unsupported, "tensor '{}' has the ONNX data type {}, which is not understood here",
           proto.name(), proto.data_type());
  }
}

int entries_of(const onnx::TensorProto& proto) {
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT:
      return proto.float_data_size();
    case onnx::TensorProto::DOUBLE:
      return proto.double_data_size();
    case onnx::TensorProto::INT64:
      return proto.int64_data_size();
    default:
      return proto.int32_data_size();
  }
}

// Needs elements times `bits` in raw data, or as many entries in the field of the type.
void require_size(const Source& source, int64_t elements, int bits) {
  const auto wanted = static_cast<size_t>((elements * bits + 7) / 8);
  const int entries = entries_of(source.proto);
  if (source.raw ? source.raw->size() != wanted : entries != elements)
    fail("tensor '{}' has {} elements by its shape, but its data has {} {}", source.proto.name(), elements,
         source.raw ? source.raw->size() : static_cast<size_t>(entries), source.raw ? "bytes" : "entries");
}

// Types of 2 and 4 bits: the first element in the lowest bits.
void fill_packed(Tensor& tensor, std::string_view raw, int bits) {
  const size_t per_byte = static_cast<size_t>(8 / bits);
  for (size_t i = 0; i < tensor.bytes.size(); ++i) {
    int code = static_cast<unsigned char>(raw[i / per_byte]) >> (i % per_byte * static_cast<size_t>(bits)) &
               ((1 << bits) - 1);
    if (tensor.type == DataType::i8 && code >= 1 << (bits - 1)) code -= 1 << bits;
    tensor.bytes[i] = static_cast<std::byte>(code);
  }
}

float float_of_half(uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  float magnitude =
      std::ldexp(static_cast<float>(fraction + (exponent == 0 ? 0 : 1024)), std::max(exponent, 1) - 25);
  if (exponent == 31) magnitude = fraction == 0 ? INFINITY : NAN;
  return half >> 15 != 0 ? -magnitude : magnitude;
}

// Both 16-bit types, of which int32_data holds the bits.
void fill_halves(Tensor& tensor, const Source& source) {
  const bool is_ieee = source.proto.data_type() == onnx::TensorProto::FLOAT16;
  const std::span<float> to = tensor.as<float>();
  for (size_t i = 0; i < to.size(); ++i) {
    uint16_t bits = 0;
    if (source.raw)
      std::memcpy(&bits, source.raw->data() + 2 * i, 2);
    else
      bits = converted<uint16_t, uint16_t>(source.proto.int32_data(static_cast<int>(i)), source.proto);
    to[i] = is_ieee ? float_of_half(bits) : std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
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

graph::TensorType type_of(const onnx::TensorProto& proto) {
  const graph::Shape shape(proto.dims().begin(), proto.dims().end());
  if (shape.size() > graph::kMaxRank)
    fail(ErrorKind::unsupported, "tensor '{}' has rank {}", proto.name(), shape.size());
  for (const int64_t extent : shape)
    if (extent < 0 || extent > graph::kMaxExtent)
      fail("tensor '{}' has an extent of {}", proto.name(), extent);
  const int64_t count = graph::element_count(shape);
  if (count > int64_t{1} << 31) fail("tensor '{}' has {} elements", proto.name(), count);
  return {element_type(proto).type, shape};
}

bool is_half(int data_type) {
  return data_type == onnx::TensorProto::FLOAT16 || data_type == onnx::TensorProto::BFLOAT16;
}

int code_bits_of(const onnx::TensorProto& proto) {
  const int bits = element_type(proto).bits;
  return bits < 8 ? bits : 8;
}

size_t external_bytes(const onnx::TensorProto& proto) {
  const int64_t count = graph::element_count(type_of(proto).shape);
  return static_cast<size_t>((count * element_type(proto).bits + 7) / 8);
}

Tensor tensor_of(const onnx::TensorProto& proto, ExternalData& external) {
  const auto [type, shape] = type_of(proto);
  const int64_t count = graph::element_count(shape);
  const int bits = element_type(proto).bits;
  Source source{proto, std::nullopt};
  std::string bytes;
  if (ExternalData::is_external(proto)) {
    try {
      bytes = external.read(proto, external_bytes(proto));
    } catch (const Error& error) {
      fail(error.kind(), "tensor '{}': {}", proto.name(), error.what());
    }
    source.raw = bytes;
  } else if (proto.has_raw_data()) {
    source.raw = proto.raw_data();
  }
  if (bits < 8 && !source.raw)
    fail(ErrorKind::unsupported, "tensor '{}': types of {} bits are read from raw data only", proto.name(),
         bits);
  require_size(source, count, bits);
  Tensor tensor = Tensor::zeros(type, shape);
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT:
      fill<float, float>(tensor, source, proto.float_data());
      break;
    case onnx::TensorProto::DOUBLE:
      fill<double, float>(tensor, source, proto.double_data());
      break;
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      fill_halves(tensor, source);
      break;
    case onnx::TensorProto::INT64:
      fill<int64_t, int64_t>(tensor, source, proto.int64_data());
      break;
    case onnx::TensorProto::INT32:
      fill<int32_t, int64_t>(tensor, source, proto.int32_data());
      break;
    case onnx::TensorProto::BOOL:
      fill<uint8_t, int64_t>(tensor, source, proto.int32_data());
      break;
    case onnx::TensorProto::INT8:
      fill<int8_t, int8_t>(tensor, source, proto.int32_data());
      break;
    case onnx::TensorProto::UINT8:
      fill<uint8_t, uint8_t>(tensor, source, proto.int32_data());
      break;
    default:
      fill_packed(tensor, *source.raw, bits);
  }
  return tensor;
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
