// `pact export` as a function.
#pragma once

#include <filesystem>

#include "api/model.h"
#include "onnx_io/export.h"

namespace pact::api {

struct ExportCommand {
  ModelSource model;
  std::filesystem::path output;
  onnx_io::ExportOptions options;
};

struct ExportSummary {
  std::string network;
  int64_t bytes = 0;  // of the file
};

// Writes the model as ONNX, whole or not at all. Throws Error.
ExportSummary export_model(const ExportCommand& command);

}  // namespace pact::api
