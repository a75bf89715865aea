#include "api/export.h"

#include <algorithm>

#include "api/lowering.h"
#include "api/output.h"
#include "base/error.h"
#include "base/files.h"
#include "base/words.h"
#include "passes/layer_table.h"
#include "passes/lower/lower.h"
#include "quant/grid.h"

namespace pact::api {
namespace {

// A network whose last layer somebody has changed since has no use for the names of the classes it had.
std::vector<std::string> fitting(std::vector<std::string> names, const graph::Graph& graph,
                                 const ExportCommand& command) {
  const graph::Shape scores = {graph::kBatch, std::ssize(names)};
  const std::vector<graph::ValueId>& outputs = graph.outputs();
  if (names.empty() || (outputs.size() == 1 && graph.value(outputs[0]).type.shape == scores)) return names;
  if (command.model.on_note)
    command.model.on_note(fmt::format(
        "{}: has names of {} and not as many scores; {} is written without them", command.model.path.string(),
        counted(std::ssize(names), "class", "classes"), command.output.string()));
  return {};
}

bool is_float(const graph::Graph& graph) {
  return std::ranges::none_of(graph.nodes(), [](const graph::Node& node) {
    return node.op == graph::Op::quant || node.op == graph::Op::dequantize;
  });
}

// Storage that no weights are few bits enough for asks for a later opset, which fewer runtimes read, and saves nothing.
onnx_io::Storage worthwhile_storage(const ExportCommand& command, const graph::Graph& graph) {
  using onnx_io::Storage;
  int fewest = quant::kFloatBits;
  for (const passes::LayerRow& layer : passes::make_layer_table(graph).rows)
    fewest = std::min(fewest, layer.weight_bits);
  const Storage asked = command.options.storage;
  if (command.options.format == onnx_io::Format::qonnx) return asked;  // which knows no other
  const Storage chosen = fewest > 4   ? Storage::bytes
                         : fewest > 2 ? std::min(asked, Storage::packed)
                                      : asked;
  if (chosen != asked && command.model.on_note)
    command.model.on_note(
        fmt::format("{}: no weights have {} bits or fewer, so that {} does nothing; {} is written without it",
                    command.model.path.string(), chosen == Storage::packed ? 2 : 4,
                    chosen == Storage::packed ? "--int2" : "--packed", command.output.string()));
  return chosen;
}

}  // namespace

ExportSummary export_model(const ExportCommand& command) {
  require_output(command.output, OutputKind::network, {command.model.path, command.model.weights});
  std::vector<std::string> classes = class_names(command.model.path);  // may take the file, so first
  const graph::Network network = load_model(command.model);
  const bool is_deployment = model_file::is_model_file(command.output);
  classes = fitting(std::move(classes), network.graph, command);
  onnx_io::ExportOptions options = command.options;
  if (!is_deployment) {
    options.classes = std::move(classes);
    options.storage = worthwhile_storage(command, network.graph);
  }
  std::string bytes;
  if (is_deployment) {
    const graph::Network lowered = passes::lower(network);
    const std::string note = float_layers_note(lowered.graph);
    if (!note.empty() && command.model.on_note) command.model.on_note(note);
    bytes = model_file::serialize({lowered, std::move(classes)});
  } else {
    bytes = onnx_io::export_onnx(network, options);
  }
  write_file(command.output, bytes);
  const std::string form = is_deployment             ? "pact"
                           : is_float(network.graph) ? "float ONNX"
                                                     : std::string(name_of(options.format));
  return {network.graph.name(), form, static_cast<int64_t>(bytes.size())};
}

}  // namespace pact::api
