// The safetensors format (github.com/huggingface/safetensors): u64 header length, JSON header, one buffer
// that the tensors cover without holes. A file may come from anywhere, so every number in it is checked
// before it is used, and the JSON reader is stopped at the first level of nesting that the format does not
// have.
#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "graph/tensor.h"

namespace pact::graph {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr size_t kAlignment = 8;
constexpr uint64_t kMaxHeaderBytes = uint64_t{16} << 20;
constexpr size_t kMaxDepth = 3;  // file, tensor, list
constexpr size_t kLargestRank = 64;  // far beyond any tensor
constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::string_view kCodes[] = {"F32", "F64", "I64", "I32", "I16", "I8", "U8"};  // in DataType's order

// The length and the elements are little-endian, and copied as they are.
static_assert(std::endian::native == std::endian::little);

// A name from a file, fit for a message.
std::string shown(std::string_view name) {
  const bool is_long = name.size() > 80;
  return json(name.substr(0, 80)).dump(-1, ' ', true, json::error_handler_t::replace) +
         (is_long ? "..." : "");
}

DataType type_of_code(const std::string& code) {
  const auto found = std::ranges::find(kCodes, code);
  if (found == std::end(kCodes)) {
    fail(ErrorKind::unsupported, "has dtype {}, which is not read; F32, F64, I64, I32, I16, I8 and U8 are",
         shown(code));
  }
  return static_cast<DataType>(found - std::begin(kCodes));
}

// nlohmann's reader keeps the last of equal keys and nests without bound; both are stopped as it goes.
json parse_header(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (keys.size() == kMaxDepth) fail("the header is nested deeper than {} levels", kMaxDepth);
        keys.emplace_back();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        keys.pop_back();
        break;
      case json::parse_event_t::key: {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!keys.back().insert(key).second) fail("the header has the key {} twice", shown(key));
        break;
      }
      case json::parse_event_t::value:
        break;
    }
    return true;
  };
  if (text.find('\0') != std::string_view::npos)
    fail("the header has a zero byte");  // to the reader, its end
  try {
    return json::parse(text, watch);
  } catch (const json::exception& error) {
    fail("the header is not JSON: {}", std::string_view(error.what()).substr(0, 200));
  }
}

std::vector<uint64_t> unsigned_list(const json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array()) fail("has no list '{}'", key);
  std::vector<uint64_t> list;
  for (const json& element : *found) {
    if (!element.is_number_unsigned()) fail("has '{}' with entries that are no whole numbers", key);
    list.push_back(element.get<uint64_t>());
  }
  return list;
}

struct Entry {
  std::string name;
  DataType type;
  Shape shape;
  uint64_t begin, end;
};

Entry parse_entry(const std::string& name, const json& entry, uint64_t buffer_bytes) {
  if (!entry.is_object()) fail("is no object");
  if (!entry.contains("dtype") || !entry["dtype"].is_string()) fail("has no 'dtype'");
  for (const auto& [key, _] : entry.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") fail("has the foreign key {}", shown(key));
  }
  Entry made{name, type_of_code(entry["dtype"].get_ref<const std::string&>()), {}, 0, 0};
  const std::vector<uint64_t> extents = unsigned_list(entry, "shape");
  if (extents.size() > kLargestRank) fail("has rank {}; at most {} is read", extents.size(), kLargestRank);
  for (const uint64_t extent : extents) {
    if (extent > static_cast<uint64_t>(INT64_MAX)) fail("has the extent {}", extent);
    made.shape.push_back(static_cast<int64_t>(extent));
  }
  const std::vector<uint64_t> offsets = unsigned_list(entry, "data_offsets");
  if (offsets.size() != 2) fail("has {} data_offsets instead of 2", offsets.size());
  made.begin = offsets[0], made.end = offsets[1];
  if (made.begin > made.end || made.end > buffer_bytes) {
    fail("lies at bytes {} to {} of a buffer of {}", made.begin, made.end, buffer_bytes);
  }
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<uint64_t>(element_count(made.shape)), size_bytes(made.type),
                             &bytes) ||
      bytes != made.end - made.begin) {
    fail("of {}{} lies in {} bytes", name_of(made.type), to_string(made.shape), made.end - made.begin);
  }
  return made;
}

Metadata parse_metadata(const json& entry) {
  if (!entry.is_object()) fail("'__metadata__' is no object");
  Metadata metadata;
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_string()) fail("'__metadata__' holds something else than text under {}", shown(key));
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

// Each begins where the one before ends, and the last one ends the file.
void require_cover(std::vector<Entry>& entries, uint64_t buffer_bytes) {
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  uint64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at) {
      fail("tensor {} begins at byte {} of the buffer, {} of them are {}", shown(entry.name), entry.begin,
           entry.begin < at ? at - entry.begin : entry.begin - at,
           entry.begin < at ? "in another tensor, too" : "before it and in no tensor");
    }
    at = entry.end;
  }
  if (at != buffer_bytes) fail("{} bytes at the end are in no tensor", buffer_bytes - at);
}

TensorFile parse_checked(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) fail("it has {} bytes, too few for a header", bytes.size());
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeaderBytes)
    fail("its header claims {} bytes; at most {} are read", length, kMaxHeaderBytes);
  if (length > bytes.size() - kLengthBytes) {
    fail("its header claims {} bytes, but only {} follow", length, bytes.size() - kLengthBytes);
  }
  const std::string_view buffer = bytes.substr(kLengthBytes + length);
  const json header = parse_header(bytes.substr(kLengthBytes, length));
  if (!header.is_object()) fail("the header is no JSON object");

  TensorFile file;
  std::vector<Entry> entries;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadataKey) {
      file.metadata = parse_metadata(entry);
      continue;
    }
    try {
      entries.push_back(parse_entry(name, entry, buffer.size()));
    } catch (const Error& error) {
      fail(error.kind(), "tensor {} {}", shown(name), error.what());
    }
  }
  require_cover(entries, buffer.size());
  for (Entry& entry : entries) {
    const auto* data = reinterpret_cast<const std::byte*>(buffer.data());
    file.tensors[entry.name] = {entry.type, std::move(entry.shape), {data + entry.begin, data + entry.end}};
  }
  return file;
}

// Largest elements first, so that each tensor lies aligned to its elements; by name otherwise.
std::vector<Tensors::const_pointer> in_file_order(const Tensors& tensors) {
  std::vector<Tensors::const_pointer> order;
  for (const auto& entry : tensors) order.push_back(&entry);
  std::ranges::stable_sort(order, std::greater<>(),
                           [](auto entry) { return size_bytes(entry->second.type); });
  return order;
}

}  // namespace

TensorFile parse_safetensors(std::string_view bytes, std::string_view origin) {
  try {
    return parse_checked(bytes);
  } catch (const Error& error) {
    fail(error.kind(), "{} is no sound safetensors file: {}", origin, error.what());
  }
}

TensorFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path), path.string());
}

std::string serialize_safetensors(const TensorFile& file) {
  json header = json::object();
  if (!file.metadata.empty()) header[kMetadataKey] = file.metadata;
  const auto order = in_file_order(file.tensors);
  size_t at = 0;
  for (const auto* entry : order) {
    const auto& [name, tensor] = *entry;
    if (name == kMetadataKey) fail("a tensor cannot be named '{}' in a safetensors file", name);
    PACT_CHECK(tensor.bytes.size() == static_cast<size_t>(tensor.count()) * size_bytes(tensor.type));
    header[name] = {{"dtype", kCodes[static_cast<size_t>(tensor.type)]},
                    {"shape", tensor.shape},
                    {"data_offsets", {at, at + tensor.bytes.size()}}};
    at += tensor.bytes.size();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception&) {
    fail("a safetensors file cannot be written: a name or its metadata is not UTF-8");
  }
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  if (text.size() > kMaxHeaderBytes)
    fail("a safetensors header of {} bytes could not be read back", text.size());

  const uint64_t length = text.size();
  std::string bytes(kLengthBytes, '\0');
  bytes.reserve(kLengthBytes + text.size() + at);
  std::memcpy(bytes.data(), &length, kLengthBytes);
  bytes += text;
  for (const auto* entry : order) {
    const std::vector<std::byte>& held = entry->second.bytes;
    bytes.append(reinterpret_cast<const char*>(held.data()), held.size());
  }
  return bytes;
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  write_file(path, serialize_safetensors(file));
}

}  // namespace pact::graph
