// Tensors as plain bytes with a type and a shape, and a file of named ones (safetensors).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pact::graph {

enum class DataType { f32, f64, i64, i32, i16, i8, u8 };

std::string_view name_of(DataType type);       // "f32", ...
DataType data_type_of(std::string_view name);  // throws Error on an unknown name
size_t size_bytes(DataType type);

using Shape = std::vector<int64_t>;
inline constexpr int64_t kBatch = -1;  // the first extent of a shape whose number of images is open

// Elements of `shape`; an open batch counts as 1. Throws Error on overflow or a negative extent.
int64_t element_count(const Shape& shape);
std::string to_string(const Shape& shape);  // "[N,16,32,32]"

struct Tensor {
  DataType type = DataType::f32;
  Shape shape;
  std::vector<std::byte> bytes;  // row-major

  static Tensor zeros(DataType type, Shape shape);
  static Tensor of(Shape shape, std::span<const float> values);

  int64_t count() const { return element_count(shape); }
  // The elements; Element must be the C++ type of `type` (checked).
  template <typename Element>
  std::span<const Element> as() const;
  template <typename Element>
  std::span<Element> as();

  bool operator==(const Tensor&) const = default;
};

using Tensors = std::map<std::string, Tensor>;
using Metadata = std::map<std::string, std::string>;

struct TensorFile {
  Tensors tensors;
  Metadata metadata;
};

// The safetensors format: u64 header length (little endian), JSON header, one buffer. Throws Error, naming
// the path and what is wrong, on anything truncated, overlapping or foreign.
TensorFile read_safetensors(const std::filesystem::path& path);
TensorFile parse_safetensors(std::string_view bytes, std::string_view origin);
void write_safetensors(const std::filesystem::path& path, const TensorFile& file);  // atomic
std::string serialize_safetensors(const TensorFile& file);

}  // namespace pact::graph
