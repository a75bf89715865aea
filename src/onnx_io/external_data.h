// Numbers that a model keeps in files beside it. A model is somebody else's word, so only regular files
// inside its own folder are read, whatever it names: no absolute paths, no "..", no links that lead out.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "onnx_io/proto.h"

namespace pact::onnx_io {

class ExternalData {
 public:
  // An empty folder: there is none, and every tensor with external data is an error. Many tensors may name the
  // same bytes: together they take at most what the files hold and `shared_bytes` more.
  explicit ExternalData(std::filesystem::path folder, double shared_bytes = 256e6)
      : folder_(std::move(folder)), shared_bytes_(shared_bytes) {}

  static bool is_external(const onnx::TensorProto& proto);

  // The `size` bytes of the tensor. Throws Error: no such file, not inside the folder, too short, an offset or
  // length that does not fit `size`, or too much read in all.
  std::string read(const onnx::TensorProto& proto, size_t size);

  // What read would throw of the file that the tensor names, which is not read; empty: nothing.
  std::string problem_of(const onnx::TensorProto& proto, size_t size) const;

  // Of the files that were read so far, each counted once.
  double file_bytes() const { return file_bytes_; }

 private:
  struct Place {
    std::string location;  // as the model has it
    std::filesystem::path path;
    int64_t offset, file_bytes;
  };
  Place place_of(const onnx::TensorProto& proto, size_t size) const;

  std::filesystem::path folder_;
  double shared_bytes_, file_bytes_ = 0, read_bytes_ = 0;
  std::set<std::filesystem::path> files_;
};

}  // namespace pact::onnx_io
