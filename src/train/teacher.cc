#include "train/teacher.h"

#include "base/error.h"
#include "graph/text.h"
#include "train/parameters.h"
#include "train/run_directory.h"
#include "train/settings.h"

namespace pact::train {

std::string path_of_teacher(const std::string& setting, const std::filesystem::path& run) {
  if (setting != kItself) return setting;
  const std::filesystem::path own = run / kOwnTeacher;
  if (!std::filesystem::exists(own))
    fail(
        "{}: is missing; the run's network, as it came, is its teacher. Put back a copy, or make it again by "
        "`pact export` of the file that the network came from",
        own.string());
  return own.string();
}

std::unique_ptr<Executor> load_teacher(const std::string& path, const graph::Graph& student,
                                       at::Device device) {
  const graph::Network network = load_network(path);
  const auto require_same = [&](const char* what, graph::ValueId theirs, graph::ValueId ours) {
    const graph::Shape& there = network.graph.value(theirs).type.shape;
    const graph::Shape& here = student.value(ours).type.shape;
    if (there != here)
      fail("{} cannot teach: its {} are {}, those of the network {}", path, what, graph::to_string(there),
           graph::to_string(here));
  };
  require_same("images", network.graph.inputs().at(0), student.inputs().at(0));
  require_same("scores", network.graph.outputs().at(0), student.outputs().at(0));
  try {
    return std::make_unique<Executor>(network.graph, to_parameters(network, device));
  } catch (const Error& error) {
    fail(error.kind(), "{} cannot teach: {}", path, error.what());
  }
}

}  // namespace pact::train
