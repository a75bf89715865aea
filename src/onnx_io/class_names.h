// The names of a network's classes in an ONNX file: metadata_props has them under a key of ours, one a line.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pact::onnx_io {

inline constexpr const char* kClassesKey = "pact.classes";

// Names as that key's text. Throws Error where one is empty or holds a line break.
std::string text_of_classes(const std::vector<std::string>& names);

// The names in the file; empty where it has none or is no ONNX file, of which import_onnx_file tells. Of the
// network nothing is read, so that this takes no time.
std::vector<std::string> read_class_names(const std::filesystem::path& path);

}  // namespace pact::onnx_io
