#include "model_file/run_network.h"

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "base/words.h"
#include "graph/text.h"
#include "model_file/model_file.h"

namespace pact::model_file {
namespace fs = std::filesystem;
namespace {

bool is_named_as_file(const fs::path& folder) {
  const fs::path name = folder.has_filename() ? folder : folder.parent_path();
  return name.extension() == ".onnx" || name.extension() == ".pact";
}

}  // namespace

graph::Graph load_graph(const fs::path& directory) {
  const fs::path text = directory / "graph.txt";
  if (!fs::exists(text))
    fail("{}: is not a run directory: it has no graph.txt{}", directory.string(),
         is_named_as_file(directory) ? "; a folder is no ONNX or .pact file, whatever its name" : "");
  graph::Graph graph = graph::parse(read_file(text, 64 << 20), text.string());
  graph::verify(graph);
  return graph;
}

// Both as this version writes them: another one may have written the same graph otherwise.
void require_same_graph(const graph::Graph& graph, const graph::Metadata& metadata, const fs::path& weights,
                        const fs::path& text) {
  const auto own = metadata.find(kGraphKey);
  if (own == metadata.end()) return;
  const graph::Graph theirs = graph::parse(own->second, "the graph in " + weights.string());
  const std::vector<std::string> there = split(graph::print(theirs), '\n'),
                                 here = split(graph::print(graph), '\n');
  const auto [a, b] = std::ranges::mismatch(there, here);
  if (a == there.end() && b == here.end()) return;
  fail("{} was written with another graph than that of {}. It has\n  {}\nwhere the file has\n  {}\n"
       "The files of two runs are mixed; put back those of one",
       weights.string(), text.string(), a == there.end() ? "nothing" : *a, b == here.end() ? "nothing" : *b);
}

graph::Network load_network(const fs::path& path, Checkpoint which) {
  if (is_model_file(path)) return read(path).network;
  const bool is_file = fs::is_regular_file(path);
  const fs::path directory = is_file ? path.parent_path() : path;
  if (!is_file && !fs::is_directory(path))
    fail("{}: there is no run directory, .safetensors, ONNX or .pact file of this name", path.string());
  if (is_file && path.extension() == ".onnx")
    fail(
        "{}: is an ONNX file, and here a run directory, a .safetensors file in one or a .pact file is read; "
        "make one of it: pact export {} --mean M,M,M --std S,S,S -o {}",
        path.string(), shell_quoted(path.string()),
        shell_quoted(fs::path(path).replace_extension(".pact").string()));
  if (is_file && path.extension() != ".safetensors") {
    if (fs::exists(directory / "graph.txt"))
      fail("{}: has no parameters; give the run directory, {}", path.string(),
           directory.empty() ? "." : directory.string());
    fail("{}: is no network; give a run directory, a .safetensors file in one, or a file whose name ends in "
         ".onnx or .pact",
         path.string());
  }
  const fs::path weights =
      is_file ? path : path / (which == Checkpoint::last ? "last.safetensors" : "best.safetensors");
  const fs::path text = directory / "graph.txt";
  if (is_file && !fs::exists(text))
    fail("{}: is no file of a run, for there is no graph.txt beside it; give a run directory, a .safetensors "
         "file in one, or an ONNX or .pact file",
         path.string());
  graph::Network network{load_graph(directory), {}};
  if (!fs::exists(weights) && which == Checkpoint::best)
    fail(
        "{}: has no best.safetensors: the run has not reached its first checkpoint, or the file was not kept",
        path.string());
  if (!fs::exists(weights))
    fail("{}: has no {}: the run has not reached its first checkpoint", directory.string(),
         weights.filename().string());
  graph::TensorFile file = graph::read_safetensors(weights);
  network.tensors = std::move(file.tensors);
  try {
    graph::verify(network);
  } catch (const Error& error) {
    fail("{} does not fit {}: {}", weights.string(), text.string(), error.what());
  }
  require_same_graph(network.graph, file.metadata, weights, text);
  const auto rank_of = [&](const std::vector<graph::ValueId>& values) {
    return values.size() == 1 ? network.graph.value(values[0]).type.shape.size() : 0;
  };
  if (rank_of(network.graph.inputs()) != 4 || rank_of(network.graph.outputs()) != 2)
    fail(ErrorKind::unsupported,
         "{}: is no classifier of images: one input [N,C,H,W] and one output [N,classes]", text.string());
  return network;
}

nlohmann::json read_run_json(const fs::path& directory) {
  const fs::path path = directory / "run.json";
  if (!fs::exists(path)) fail("{}: is not a run directory: it has no run.json", directory.string());
  nlohmann::json json = nlohmann::json::parse(read_file(path, 16 << 20), nullptr, false);
  const auto require = [&](bool holds, const std::string& what) {
    if (!holds)
      fail("{}: is damaged: {}. Put back a copy of it; without it the run can be evaluated with --data or be "
           "an --init, but not be resumed",
           path.string(), what);
  };
  require(json.is_object(), "it is no JSON object");
  require(json.contains("settings") && json["settings"].is_object(), "it has no settings");
  for (const char* key : {"network", "dataset", "status", "message", "precision", "started", "command"})
    require(!json.contains(key) || json[key].is_string(), fmt::format("'{}' is no text", key));
  const auto is_text = [](const nlohmann::json& each) { return each.is_string(); };
  require(!json.contains("classes") ||
              (json["classes"].is_array() && std::ranges::all_of(json["classes"], is_text)),
          "'classes' is no list of names");
  for (const char* key : {"threads", "processes"})
    require(!json.contains(key) || json[key].is_number_integer(),
            fmt::format("'{}' is no whole number", key));
  return json;
}

}  // namespace pact::model_file
