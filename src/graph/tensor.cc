#include "graph/tensor.h"

#include <cstring>

#include "base/error.h"
#include "base/strings.h"

namespace pact::graph {
namespace {

struct TypeFacts {
  std::string_view name;
  size_t bytes;
};
constexpr TypeFacts kTypes[] = {{"f32", 4}, {"f64", 8}, {"i64", 8}, {"i32", 4},
                                {"i16", 2}, {"i8", 1},  {"u8", 1}};

template <typename Element>
constexpr DataType kTypeOf = DataType::f32;
template <>
constexpr DataType kTypeOf<double> = DataType::f64;
template <>
constexpr DataType kTypeOf<int64_t> = DataType::i64;
template <>
constexpr DataType kTypeOf<int32_t> = DataType::i32;
template <>
constexpr DataType kTypeOf<int16_t> = DataType::i16;
template <>
constexpr DataType kTypeOf<int8_t> = DataType::i8;
template <>
constexpr DataType kTypeOf<uint8_t> = DataType::u8;

// A tensor's own shape is closed: how many images it holds is known.
int64_t closed_count(const Shape& shape) {
  for (const int64_t extent : shape) {
    if (extent < 0) fail("a tensor of shape {} cannot be made: its extents must be known", to_string(shape));
  }
  return element_count(shape);
}

void require_elements(const Tensor& tensor, DataType wanted) {
  if (tensor.type != wanted) {
    fail(ErrorKind::internal, "a tensor of {} was read as {}", name_of(tensor.type), name_of(wanted));
  }
  PACT_CHECK(tensor.bytes.size() == static_cast<size_t>(tensor.count()) * size_bytes(wanted));
}

}  // namespace

std::string_view name_of(DataType type) { return kTypes[static_cast<size_t>(type)].name; }

DataType data_type_of(std::string_view name) {
  std::vector<std::string> names;
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i].name == name) return static_cast<DataType>(i);
    names.emplace_back(kTypes[i].name);
  }
  fail("{}", unknown_name("data type", name, names));
}

size_t size_bytes(DataType type) { return kTypes[static_cast<size_t>(type)].bytes; }

int64_t element_count(const Shape& shape) {
  int64_t count = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t extent = i == 0 && shape[i] == kBatch ? 1 : shape[i];
    if (extent < 0) fail("shape {} has a negative extent", to_string(shape));
    if (__builtin_mul_overflow(count, extent, &count))
      fail("shape {} has too many elements", to_string(shape));
  }
  return count;
}

std::string to_string(const Shape& shape) {
  std::vector<std::string> extents;
  for (size_t i = 0; i < shape.size(); ++i) {
    extents.push_back(i == 0 && shape[i] == kBatch ? "N" : fmt::format("{}", shape[i]));
  }
  return "[" + join(extents, ",") + "]";
}

Tensor Tensor::zeros(DataType type, Shape shape) {
  const auto count = static_cast<uint64_t>(closed_count(shape));
  if (count > (uint64_t{1} << 60)) fail("a tensor of shape {} does not fit into memory", to_string(shape));
  return {type, std::move(shape), std::vector<std::byte>(count * size_bytes(type))};
}

Tensor Tensor::of(Shape shape, std::span<const float> values) {
  if (static_cast<uint64_t>(closed_count(shape)) != values.size()) {
    fail("{} values were given for a tensor of shape {}", values.size(), to_string(shape));
  }
  Tensor tensor = zeros(DataType::f32, std::move(shape));
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), values.size_bytes());
  return tensor;
}

template <typename Element>
std::span<const Element> Tensor::as() const {
  require_elements(*this, kTypeOf<Element>);
  return {reinterpret_cast<const Element*>(bytes.data()), bytes.size() / sizeof(Element)};
}

template <typename Element>
std::span<Element> Tensor::as() {
  require_elements(*this, kTypeOf<Element>);
  return {reinterpret_cast<Element*>(bytes.data()), bytes.size() / sizeof(Element)};
}

#define PACT_ELEMENT(Element)                                    \
  template std::span<const Element> Tensor::as<Element>() const; \
  template std::span<Element> Tensor::as<Element>();
PACT_ELEMENT(float)
PACT_ELEMENT(double)
PACT_ELEMENT(int64_t)
PACT_ELEMENT(int32_t)
PACT_ELEMENT(int16_t)
PACT_ELEMENT(int8_t)
PACT_ELEMENT(uint8_t)
#undef PACT_ELEMENT

}  // namespace pact::graph
