#include "api/model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/given_weights.h"
#include "base/error.h"
#include "base/files.h"
#include "base/words.h"
#include "data/dataset.h"
#include "model_file/model_file.h"
#include "onnx_io/class_names.h"
#include "onnx_io/import.h"
#include "passes/layer_table.h"
#include "zoo/zoo.h"

namespace pact::api {
namespace fs = std::filesystem;

bool is_onnx(const fs::path& path) {
  std::error_code ignored;
  return path.extension() == ".onnx" && !fs::is_directory(path, ignored);
}

bool is_zoo_network(const fs::path& path) {
  return !fs::exists(path) && std::ranges::any_of(zoo::catalog(), [&](const zoo::ZooEntry& entry) {
           return entry.name == path.string();
         });
}

namespace {

// A network that gets other pixels than it was trained on fails quietly, by a bad accuracy.
void tell_pixel_scale(const ModelSource& source, const graph::Graph& graph) {
  if (!source.on_note || graph.inputs().size() != 1) return;
  const std::vector<graph::NodeId> readers = graph.consumers(graph.inputs()[0]);
  if (readers.empty() || graph.node(readers[0]).op != graph::Op::normalize) return;
  const graph::Node& normalize = graph.node(readers[0]);
  const auto all = [](const std::vector<double>& numbers, double wanted) {
    return std::ranges::all_of(numbers, [=](double number) { return number == wanted; });
  };
  const std::string name = source.path.string();
  const bool is_unchanged = all(normalize.reals("mean"), 0) && all(normalize.reals("std"), 255);
  if (source.mean.empty() && source.std.empty() && is_unchanged)
    source.on_note(name + ": does not tell what pixels it expects; it gets them as 0..1. If it was trained "
                          "on normalized ones, give --mean and --std");
}

graph::Network load_onnx(const ModelSource& source) {
  graph::Network network = onnx_io::import_onnx_file(
      source.path, {.mean = source.mean,
                    .std = source.std,
                    .folder = source.path.has_parent_path() ? source.path.parent_path() : ".",
                    .on_note = source.on_note});
  tell_pixel_scale(source, network.graph);
  return network;
}

// Where run.json is of another run than the graph, as far as the bits of its layers tell: some are those that the
// settings name, for the first layer and the last one have bits of their own.
void tell_mixed_run(const ModelSource& source, const graph::Graph& graph) {
  const fs::path directory = fs::is_regular_file(source.path) ? source.path.parent_path() : source.path;
  if (!source.on_note || !fs::exists(directory / "run.json")) return;
  const std::vector<passes::LayerRow> layers = passes::make_layer_table(graph).rows;
  nlohmann::json settings;
  try {
    settings = model_file::read_run_json(directory)["settings"];
  } catch (const Error&) {
    return;  // it is damaged, which who needs it will tell
  }
  const bool has_overrides = settings.contains("override") && !settings["override"].empty();
  if (layers.size() < 3 || has_overrides) return;
  const auto tell = [&](const char* what, int passes::LayerRow::* bits) {
    if (!settings.contains(what) || !settings[what].is_number_integer()) return;
    const auto wanted = settings[what].get<int64_t>();
    if (std::ranges::any_of(layers, [&](const passes::LayerRow& row) { return row.*bits == wanted; })) return;
    source.on_note(fmt::format(
        "{}: run.json tells of {} of {}, which no layer in graph.txt has: the files of two runs are mixed",
        directory.string(), what, wanted == 32 ? "float" : counted(wanted, "bit")));
  };
  tell("weights", &passes::LayerRow::weight_bits);
  tell("activations", &passes::LayerRow::activation_bits);
}

}  // namespace

std::string dataset_of(const fs::path& model) {
  if (is_onnx(model) || is_zoo_network(model) || model_file::is_model_file(model)) return "";
  const fs::path directory = fs::is_regular_file(model) ? model.parent_path() : model;
  return model_file::read_run_json(directory).value("dataset", "");
}

namespace {

std::vector<std::string> names_in(const fs::path& model) {
  if (is_zoo_network(model)) return {};
  if (is_onnx(model)) return onnx_io::read_class_names(model);
  if (model_file::is_model_file(model)) return model_file::read(model).classes;
  const fs::path directory = fs::is_regular_file(model) ? model.parent_path() : model;
  if (!fs::exists(directory / "run.json")) return {};
  try {
    const nlohmann::json run = model_file::read_run_json(directory);
    if (run.contains("classes")) return run["classes"];
    const std::string dataset = run.value("dataset", "");  // all that runs of earlier versions tell
    return dataset.empty() ? std::vector<std::string>() : data::class_names(dataset);
  } catch (const Error&) {
    return {};  // the indices will do
  }
}

}  // namespace

// Names come from files, and go to terminals, which obey some characters.
std::vector<std::string> class_names(const fs::path& model) {
  std::vector<std::string> names = names_in(model);
  for (std::string& name : names)
    std::ranges::replace_if(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return names;
}

graph::Network load_model(const ModelSource& source) {
  if (is_zoo_network(source.path)) {
    if (source.weights.empty()) return make_random_model(source.path.string(), source.random);
    if (source.random.any_set())
      fail(ErrorKind::usage, "{}: takes numbers from {} or random ones, not both", source.path.string(),
           source.weights.string());
    return load_given_weights(source.path.string(), source.weights, {source.mean, source.std});
  }
  if (!source.weights.empty())
    fail(ErrorKind::usage, "numbers from a file are for networks of the zoo (`pact zoo`); {} has its own",
         source.path.string());
  if (source.random.any_set())
    fail(ErrorKind::usage,
         "--random-weights, --weights, --activations, --weight-quantizer and --shortcuts are for networks of "
         "the zoo (`pact zoo`); {} has its own numbers",
         source.path.string());
  if (is_onnx(source.path)) return load_onnx(source);
  if (!source.mean.empty() || !source.std.empty())
    fail(ErrorKind::usage, "--mean and --std are for ONNX models; {} carries its own normalization",
         source.path.string());
  graph::Network network = model_file::load_network(source.path, source.checkpoint);
  if (!model_file::is_model_file(source.path)) tell_mixed_run(source, network.graph);
  return network;
}

}  // namespace pact::api
