#include "api/fit.h"

#include "base/error.h"

namespace pact::api {

void require_fit(const graph::Graph& graph, const std::string& model, const data::Dataset& dataset) {
  if (graph.inputs().size() != 1 || graph.outputs().size() != 1)
    fail(ErrorKind::unsupported, "{}: has {} inputs and {} outputs; one of each can be evaluated", model,
         graph.inputs().size(), graph.outputs().size());
  const graph::Shape& input = graph.value(graph.inputs()[0]).type.shape;
  const graph::Shape& output = graph.value(graph.outputs()[0]).type.shape;
  const graph::Shape images = {graph::kBatch, dataset.image.channels, dataset.image.height,
                               dataset.image.width};
  if (input != images)
    fail("{} takes images of shape {}, {} has {}", model, graph::to_string(input), dataset.name,
         graph::to_string(images));
  if (output.size() != 2 || output[1] != static_cast<int64_t>(dataset.classes.size()))
    fail("{} yields {}, {} has {} classes", model, graph::to_string(output), dataset.name,
         dataset.classes.size());
}

}  // namespace pact::api
