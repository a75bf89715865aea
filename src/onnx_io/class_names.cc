#include "onnx_io/class_names.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/wire_format_lite.h>

#include <limits>

#include "base/error.h"
#include "base/strings.h"
#include "onnx_io/proto.h"

namespace pact::onnx_io {
namespace {

using google::protobuf::internal::WireFormatLite;

constexpr uint32_t kMetadataTag = WireFormatLite::MakeTag(onnx::ModelProto::kMetadataPropsFieldNumber,
                                                          WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
constexpr uint32_t kMostBytes = 16 << 20;  // of an entry

// The value of `key` in the entry that comes next; empty where it has another key.
std::string value_of(google::protobuf::io::CodedInputStream& in, std::string_view key) {
  uint32_t size = 0;
  std::string bytes;
  onnx::StringStringEntryProto entry;
  if (!in.ReadVarint32(&size)) return "";
  if (size > kMostBytes) {
    in.Skip(static_cast<int>(std::min<uint32_t>(size, std::numeric_limits<int>::max())));
    return "";
  }
  if (!in.ReadString(&bytes, static_cast<int>(size)) || !entry.ParseFromString(bytes)) return "";
  return entry.key() == key ? entry.value() : "";
}

}  // namespace

std::string text_of_classes(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (name.empty() || name.find('\n') != std::string::npos)
      fail("the name of a class must not be empty or hold a line break: '{}'", name);
  return join(names, "\n");
}

// Field by field, where the large ones are leapt over in the file.
std::vector<std::string> read_class_names(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};  // a pipe can be read once only
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  google::protobuf::io::FileInputStream file(descriptor);
  file.SetCloseOnDelete(true);
  google::protobuf::io::CodedInputStream in(&file);
  while (const uint32_t tag = in.ReadTag()) {
    if (tag == kMetadataTag) {
      if (const std::string names = value_of(in, kClassesKey); !names.empty()) return split(names, '\n');
    } else if (!WireFormatLite::SkipField(&in, tag)) {
      return {};
    }
  }
  return {};
}

}  // namespace pact::onnx_io
