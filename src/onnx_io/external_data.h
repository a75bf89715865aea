// Numbers that a model keeps in files beside it. A model is somebody else's word, so only regular files
// inside its own folder are read, whatever it names: no absolute paths, no "..", no links that lead out.
#pragma once

#include <filesystem>
#include <string>

#include "onnx_io/proto.h"

namespace pact::onnx_io {

class ExternalData {
 public:
  // An empty folder: there is none, and every tensor with external data is an error.
  explicit ExternalData(std::filesystem::path folder) : folder_(std::move(folder)) {}

  static bool is_external(const onnx::TensorProto& proto);

  // The `size` bytes of the tensor. Throws Error: no such file, not inside the folder, too short, or an
  // offset or length that does not fit `size`.
  std::string read(const onnx::TensorProto& proto, size_t size) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace pact::onnx_io
