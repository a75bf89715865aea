// `pact export` as a function.
#pragma once

#include <filesystem>

#include "api/model.h"
#include "model_file/model_file.h"
#include "onnx_io/export.h"

namespace pact::api {

struct ExportCommand {
  ModelSource model;
  std::filesystem::path output;    // *.pact: the integer network for the engine; else ONNX
  onnx_io::ExportOptions options;  // for ONNX
};

struct ExportSummary {
  std::string network;
  std::string form;   // "qcdq", "qonnx", "float ONNX" where there is nothing to quantize, "pact"
  int64_t bytes = 0;  // of the file
};

// Writes the file whole or not at all. Throws Error. What is asked for and changes nothing, command.model.on_note hears.
ExportSummary export_model(const ExportCommand& command);

}  // namespace pact::api
