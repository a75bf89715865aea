#include "onnx_io/external_data.h"

#include <fstream>

#include "base/error.h"
#include "base/strings.h"

namespace pact::onnx_io {
namespace fs = std::filesystem;
namespace {

int64_t number_of(const std::string& key, const std::string& text) {
  const auto number = parse_integer(text);
  if (!number || *number < 0) fail("its external data has {} '{}'", key, text);
  return *number;
}

bool is_inside(const fs::path& folder, const fs::path& file) {
  const fs::path relative = file.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

// Where `location` lies, links resolved.
fs::path resolved(const fs::path& folder, const std::string& location) {
  const fs::path relative(location);
  if (location.empty() || location.find('\0') != std::string::npos || relative.is_absolute())
    fail("its external data is named '{}', which is no path inside the model's folder", location);
  for (const fs::path& part : relative)
    if (part == "..") fail("its external data, '{}', would lie outside the model's folder", location);
  std::error_code error;
  const fs::path home = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
  const fs::path file = error ? fs::path() : fs::canonical(home / relative, error);
  if (error) fail("its numbers lie in the file '{}' beside the model, which is missing", location);
  if (!is_inside(home, file)) fail("its external data, '{}', is a link out of the model's folder", location);
  if (!fs::is_regular_file(file, error)) fail("its external data, '{}', is no file", location);
  return file;
}

}  // namespace

bool ExternalData::is_external(const onnx::TensorProto& proto) {
  return proto.data_location() == onnx::TensorProto::EXTERNAL || proto.external_data_size() > 0;
}

ExternalData::Place ExternalData::place_of(const onnx::TensorProto& proto, size_t size) const {
  if (folder_.empty())
    fail(ErrorKind::unsupported,
         "its numbers lie in a file of its own, which cannot be found without the model's path");
  std::string location;
  int64_t offset = 0, length = static_cast<int64_t>(size);
  for (const onnx::StringStringEntryProto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = number_of("offset", entry.value());
    if (entry.key() == "length") length = number_of("length", entry.value());
  }
  if (length != static_cast<int64_t>(size))
    fail("its external data has {} bytes, its shape takes {}", length, size);
  const fs::path path = resolved(folder_, location);
  std::error_code error;
  const auto available = static_cast<int64_t>(fs::file_size(path, error));
  if (error || offset > available || length > available - offset)
    fail("its external data, '{}', is too short for {} bytes from {} on", location, length, offset);
  return {location, path, offset, available};
}

std::string ExternalData::problem_of(const onnx::TensorProto& proto, size_t size) const {
  try {
    place_of(proto, size);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string ExternalData::read(const onnx::TensorProto& proto, size_t size) {
  const auto [location, path, offset, available] = place_of(proto, size);
  if (files_.insert(path).second) file_bytes_ += static_cast<double>(available);
  if (read_bytes_ + static_cast<double>(size) > file_bytes_ + shared_bytes_)
    fail(ErrorKind::unsupported,
         "its external data, '{}', is shared by too many tensors: together they take more than {:.0f} MB "
         "beyond "
         "what the files hold",
         location, shared_bytes_ / 1e6);
  read_bytes_ += static_cast<double>(size);
  std::string bytes(size, '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(offset);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size)))
    fail("its external data, '{}', cannot be read", location);
  return bytes;
}

}  // namespace pact::onnx_io
