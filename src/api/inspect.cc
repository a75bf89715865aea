#include "api/inspect.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/model.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "graph/text.h"
#include "model_file/model_file.h"
#include "model_file/run_network.h"
#include "onnx_io/import.h"
#include "zoo/zoo.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

// Has it no bytes that only binary files have, as far as its beginning tells?
bool is_text(const fs::path& path) {
  return std::ranges::none_of(read_beginning(path, 512), [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r';
  });
}

// Other files of a run are taken for graphs by mistake; their first line would be all that a parser could
// blame.
void require_graph_text(const fs::path& path) {
  const std::string ending = path.extension().string();
  if (ending != ".json" && ending != ".jsonl" && ending != ".safetensors") {
    if (!is_text(path))
      fail(
          "{}: is not a graph's text; the name of an ONNX file must end in .onnx, that of a model file in "
          ".pact",
          path.string());
    return;
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  fail("{}: is not a graph's text; {}", path.string(),
       fs::exists(folder / "graph.txt") ? fmt::format("give the run directory, {}", folder.string())
                                        : "give a run directory, a graph, ONNX or .pact file");
}

}  // namespace

Inspection inspect(const std::string& what, const std::optional<passes::LowerOptions>& lowering) {
  Inspection result;
  graph::Graph graph;
  if (fs::is_directory(what)) {
    const fs::path directory = what;
    graph = model_file::load_graph(directory);
    if (fs::exists(directory / "run.json"))
      result.status = model_file::read_run_json(directory).value("status", "");
  } else if (is_onnx(what)) {
    const fs::path file = what;
    graph = onnx_io::import_onnx_file(
                file, {.folder = file.has_parent_path() ? file.parent_path() : ".",
                       .missing = onnx_io::MissingNumbers::zeros,
                       .on_note = [&](const std::string& note) { result.notes.push_back(note); }})
                .graph;
  } else if (model_file::is_model_file(what)) {
    graph = model_file::read(what).network.graph;
  } else if (fs::exists(what)) {
    require_graph_text(what);
    graph = graph::parse(read_file(what, 64 << 20), what);
  } else {
    std::vector<std::string> names;
    for (const zoo::ZooEntry& entry : zoo::catalog()) names.push_back(entry.name);
    if (std::find(names.begin(), names.end(), what) == names.end())
      fail("'{}' is neither a run directory nor a graph, ONNX or .pact file nor a network of the zoo ({})",
           what, join(names));
    const zoo::ZooEntry& entry = zoo::find_entry(what);
    graph = entry.build(entry.usual_input);
  }
  result.name = graph.name();
  result.text = graph::print(lowering ? passes::lower(load_model({.path = what}), *lowering).graph : graph);
  result.table = passes::make_layer_table(graph);
  return result;
}

std::vector<ZooRow> list_zoo() {
  std::vector<ZooRow> rows;
  for (const zoo::ZooEntry& entry : zoo::catalog()) {
    const passes::LayerTable table = passes::make_layer_table(entry.build(entry.usual_input));
    rows.push_back({entry.name, entry.description, table.parameters, table.macs});
  }
  return rows;
}

}  // namespace pact::api
