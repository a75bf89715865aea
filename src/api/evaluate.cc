#include "api/evaluate.h"

#include <algorithm>

#include "api/classifier.h"
#include "api/fit.h"
#include "api/lowering.h"
#include "api/model_data.h"
#include "api/output.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "graph/layers.h"
#include "model_file/model_file.h"
#include "passes/real_weights.h"

namespace pact::api {
namespace fs = std::filesystem;

namespace {

bool holds_codes(const graph::Graph& graph) {
  return std::ranges::any_of(graph.nodes(), [](const graph::Node& node) {
    return node.op == graph::Op::dequantize || is_integer_layer(node);
  });
}

void write_predictions(const std::vector<int>& predictions, const fs::path& path) {
  if (path.empty()) return;
  std::string lines;
  for (const int prediction : predictions) lines += fmt::format("{}\n", prediction);
  write_file(path, lines);
}

void tell_of_float_layers(const EvaluateCommand& command, const graph::Graph& lowered) {
  const std::string note = float_layers_note(lowered);
  if (note.empty() || !command.model.on_note) return;
  const bool is_all_float = std::ranges::none_of(lowered.nodes(), graph::is_integer_layer);
  const bool has_choice =
      is_all_float && command.evaluate_real && !model_file::is_model_file(command.model.path);
  command.model.on_note(note + (has_choice ? ", and --engine float does the same faster" : ""));
}

void require_real(const EvaluateCommand& command, const std::string& model) {
  if (model_file::is_model_file(command.model.path))
    fail("{}: a file for deployment runs in the engine; evaluate it with --engine int or reference", model);
  if (!command.evaluate_real)
    fail(ErrorKind::unsupported,
         "{}: --engine float computes as training does, and this pact was built without libtorch; give "
         "--engine int or reference, or build with -DPACT_TRAIN=ON",
         model);
}

}  // namespace

Arithmetic arithmetic_of(const std::string& engine) {
  if (engine == "float") return Arithmetic::real;
  if (engine == "int") return Arithmetic::integer;
  if (engine == "reference") return Arithmetic::reference;
  fail(ErrorKind::usage, "{}", unknown_name("engine", engine, {"float", "int", "reference"}));
}

std::string_view name_of(Arithmetic arithmetic) {
  switch (arithmetic) {
    case Arithmetic::real:
      return "float";
    case Arithmetic::integer:
      return "int";
    case Arithmetic::reference:
      return "reference";
  }
  PACT_CHECK(false);
}

EvaluateSummary evaluate(const EvaluateCommand& command,
                         const std::function<void(int64_t, int64_t)>& on_progress) {
  const bool wants_integers = command.lowering.has_value();
  if (wants_integers && command.arithmetic == Arithmetic::real)
    fail(ErrorKind::usage, "--requantize is for integer networks; take --engine int or reference");
  if (!command.predictions.empty())
    require_output(command.predictions, OutputKind::predictions, {command.model.path});
  const std::vector<std::string> classes = class_names(command.model.path);  // may take the file, so first
  graph::Network network = load_model(command.model);
  const std::string model = command.model.path.string();
  EvaluateSummary summary;
  summary.network = network.graph.name();
  data::Dataset test = load_data_for(command.model.path, command.dataset, data::Part::test).test;
  summary.dataset = test.name;
  require_fit(network.graph, model, test);
  const std::string note = other_classes_note(classes, model, test);
  if (!note.empty() && command.model.on_note) command.model.on_note(note);
  if (command.images > 0) test.keep_first(static_cast<size_t>(command.images));
  summary.notes = test.notes;
  const int64_t total = static_cast<int64_t>(test.count());
  const auto progress = [&](int64_t done) { on_progress(done, total); };
  const bool runs_in_engine =
      wants_integers || holds_codes(network.graph) || model_file::is_model_file(command.model.path);
  summary.arithmetic = command.arithmetic.value_or(runs_in_engine ? Arithmetic::integer : Arithmetic::real);
  if (command.device != "cpu" && summary.arithmetic != Arithmetic::real)
    fail(ErrorKind::usage, "--device {}: integers run on the CPU; give --engine float with it",
         command.device);
  if (summary.arithmetic == Arithmetic::real) {
    require_real(command, model);
    summary.evaluation = command.evaluate_real(
        holds_codes(network.graph) ? passes::with_real_weights(network) : network, test,
        {.threads = command.threads, .device = command.device, .on_progress = progress});
    write_predictions(summary.evaluation.predictions, command.predictions);
    return summary;
  }
  const Backend backend =
      summary.arithmetic == Arithmetic::integer ? Backend::integer : Backend::reference;
  Classifier classifier(std::move(network),
                        {.backend = backend,
                         .threads = command.threads > 0 ? command.threads : usable_cores(),
                         .max_batch = 8,
                         .lowering = command.lowering.value_or(passes::LowerOptions{}),
                         .numbers = Numbers::dropped});
  tell_of_float_layers(command, classifier.lowered().graph);
  summary.evaluation = classify_all(classifier, test, progress);
  write_predictions(summary.evaluation.predictions, command.predictions);
  return summary;
}

}  // namespace pact::api
