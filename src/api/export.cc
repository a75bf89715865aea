#include "api/export.h"

#include "base/files.h"

namespace pact::api {

ExportSummary export_model(const ExportCommand& command) {
  const graph::Network network = load_model(command.model);
  const std::string bytes = onnx_io::export_onnx(network, command.options);
  write_file(command.output, bytes);
  return {network.graph.name(), static_cast<int64_t>(bytes.size())};
}

}  // namespace pact::api
