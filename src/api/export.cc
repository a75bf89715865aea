#include "api/export.h"

#include "api/output.h"
#include "base/files.h"
#include "passes/lower/lower.h"

namespace pact::api {

ExportSummary export_model(const ExportCommand& command) {
  require_output(command.output, OutputKind::network, {command.model.path, command.model.weights});
  const graph::Network network = load_model(command.model);
  const bool is_deployment = model_file::is_model_file(command.output);
  const std::string bytes =
      is_deployment ? model_file::serialize({passes::lower(network), class_names(command.model.path)})
                    : onnx_io::export_onnx(network, command.options);
  write_file(command.output, bytes);
  return {network.graph.name(), static_cast<int64_t>(bytes.size())};
}

}  // namespace pact::api
