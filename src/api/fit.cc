#include "api/fit.h"

#include <algorithm>

#include "base/error.h"
#include "base/words.h"

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
    fail("{} yields {}, {} has {}; give data of the classes that it tells apart, or a network for these",
         model, graph::to_string(output), dataset.name,
         counted(std::ssize(dataset.classes), "class", "classes"));
}

std::string other_classes_note(const std::vector<std::string>& names, const std::string& model,
                               const data::Dataset& dataset) {
  if (names.size() != dataset.classes.size()) return "";  // not known, or left from another last layer
  const auto [theirs, ours] = std::ranges::mismatch(names, dataset.classes);
  if (theirs == names.end()) return "";
  int64_t differing = 0;
  for (size_t i = 0; i < names.size(); ++i) differing += names[i] != dataset.classes[i];
  return fmt::format(
      "{}: {} of its {} are called otherwise in {}: class {} is '{}' in the model and '{}' in the data. They "
      "are compared by their numbers, which is right only where these are other words for the same things",
      model, differing, counted(std::ssize(names), "class", "classes"), dataset.name, theirs - names.begin(),
      *theirs, *ours);
}

}  // namespace pact::api
