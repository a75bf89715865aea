#include "api/evaluate.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"

namespace pact::api {
namespace fs = std::filesystem;

EvaluateSummary evaluate(const EvaluateCommand& command,
                         const std::function<void(int64_t, int64_t)>& on_progress) {
  const graph::Network network = train::load_network(command.model, command.checkpoint);
  EvaluateSummary summary;
  summary.network = network.graph.name();
  summary.dataset = command.dataset;
  if (summary.dataset.empty()) {
    const fs::path directory =
        fs::is_regular_file(command.model) ? command.model.parent_path() : command.model;
    summary.dataset = train::read_run_json(directory).value("dataset", "");
    if (summary.dataset.empty())
      fail(ErrorKind::usage, "name the data set: --data cifar10:DIR or --data shapes");
  }
  const data::Dataset test = data::load_dataset(summary.dataset, data::Part::test).test;
  const graph::Shape& input = network.graph.value(network.graph.inputs()[0]).type.shape;
  const graph::Shape images = {graph::kBatch, test.image.channels, test.image.height, test.image.width};
  if (input != images)
    fail("{} takes images of shape {}, {} has {}", command.model.string(), graph::to_string(input),
         summary.dataset, graph::to_string(images));
  const int64_t classes = network.graph.value(network.graph.outputs()[0]).type.shape[1];
  if (classes != static_cast<int64_t>(test.classes.size()))
    fail("{} tells {} classes apart, {} has {}", command.model.string(), classes, summary.dataset,
         test.classes.size());
  const int64_t total = static_cast<int64_t>(test.count());
  summary.evaluation =
      train::evaluate(network, test, {command.threads, [&](int64_t done) { on_progress(done, total); }});
  return summary;
}

void write_predictions(const std::vector<int>& predictions, const fs::path& path) {
  std::string lines;
  for (const int prediction : predictions) lines += fmt::format("{}\n", prediction);
  write_file(path, lines);
}

}  // namespace pact::api
