#include "api/given_weights.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/strings.h"
#include "passes/integer_pixels.h"
#include "zoo/zoo.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

std::string type_of(const graph::Tensor& tensor) {
  return graph::to_string(graph::TensorType{tensor.type, tensor.shape});
}

// One number for each channel, on the scale of raw pixels.
std::vector<double> raw(const std::vector<double>& numbers, size_t channels, double otherwise,
                        const char* option) {
  if (numbers.empty()) return std::vector<double>(channels, 255 * otherwise);
  if (numbers.size() != 1 && numbers.size() != channels)
    fail("{} has {} numbers for {} channels", option, numbers.size(), channels);
  std::vector<double> all;
  for (size_t c = 0; c < channels; ++c) all.push_back(255 * numbers[numbers.size() == 1 ? 0 : c]);
  return all;
}

// The classes that the last layer of `tensors` tells, or as many as the network usually has.
int64_t classes_of(const zoo::ZooEntry& entry, const graph::Tensors& tensors) {
  const graph::Graph usual = entry.build(entry.usual_input);
  const graph::Node& last = *usual.producer(usual.outputs()[0]);
  const auto found = tensors.find(usual.value(last.inputs[1]).name);
  const bool tells = found != tensors.end() && found->second.shape.size() == 2 && found->second.shape[0] > 0;
  return tells ? found->second.shape[0] : entry.usual_input.classes;
}

// Is it what a quantizer learns, which either side may lack?
bool is_of_quantizer(const std::string& name) { return name.ends_with(".alpha") || name.ends_with(".step"); }

}  // namespace

bool is_plain_weights(const fs::path& path) {
  return path.extension() == ".safetensors" && fs::is_regular_file(path) &&
         !fs::exists(path.parent_path() / "graph.txt");
}

graph::Tensors read_plain_weights(const fs::path& path) {
  graph::Tensors tensors = graph::read_safetensors(path).tensors;
  std::erase_if(tensors, [](const auto& entry) { return entry.first.ends_with("num_batches_tracked"); });
  return tensors;
}

void adopt(graph::Network& network, const graph::Tensors& from, const std::string& origin) {
  std::vector<std::string> missing, unexpected, others;
  for (auto& [name, tensor] : network.tensors) {
    const auto found = from.find(name);
    if (found == from.end()) {
      if (!is_of_quantizer(name)) missing.push_back(name);
    } else if (found->second.shape != tensor.shape && is_of_quantizer(name)) {
      continue;
    } else if (found->second.shape != tensor.shape || found->second.type != tensor.type) {
      others.push_back(
          fmt::format("'{}' is {} there and {} here", name, type_of(found->second), type_of(tensor)));
    } else {
      tensor = found->second;
    }
  }
  for (const auto& [name, tensor] : from)
    if (!network.tensors.contains(name) && !is_of_quantizer(name)) unexpected.push_back(name);
  std::vector<std::string> problems;
  if (!missing.empty()) problems.push_back("it lacks " + join(missing));
  if (!unexpected.empty()) problems.push_back("it has what this network lacks: " + join(unexpected));
  if (!others.empty()) problems.push_back(join(others, "; "));
  if (!problems.empty())
    fail("{}: does not fit {}:\n  {}", origin, network.graph.name(), join(problems, "\n  "));
}

graph::Network with_pixel_scale(const graph::Network& network, const PixelScale& scale) {
  graph::Network to{graph::Graph(network.graph.name()), network.tensors};
  const graph::Graph& from = network.graph;
  for (graph::ValueId id = 0; id < static_cast<graph::ValueId>(from.values().size()); ++id) {
    const graph::Value& value = from.value(id);
    const graph::Node* node = from.producer(id);
    if (!node) {
      to.graph.add_source(value.kind, value.name, value.type);
      continue;
    }
    graph::Attributes attributes = node->attributes;
    if (node->op == graph::Op::normalize) {
      const auto channels = static_cast<size_t>(value.type.shape[1]);
      attributes = {{"mean", raw(scale.mean, channels, 0.0, "--mean")},
                    {"std", raw(scale.std, channels, 1.0, "--std")}};
    }
    to.graph.add_node(node->op, node->name, node->inputs, std::move(attributes));
  }
  for (const graph::ValueId output : from.outputs()) to.graph.add_output(output);
  return passes::with_integer_pixels(to);
}

graph::Network load_given_weights(const std::string& zoo_name, const fs::path& path,
                                  const PixelScale& scale) {
  const zoo::ZooEntry& entry = zoo::find_entry(zoo_name);
  const graph::Tensors tensors = read_plain_weights(path);
  for (const auto& [name, tensor] : tensors)
    if (is_of_quantizer(name))
      fail(
          "{}: belongs to a quantized network ('{}'), and {} is the float one; give the run that it lies in, "
          "with its graph.txt",
          path.string(), name, zoo_name);
  zoo::InputSpec input = entry.usual_input;
  input.classes = classes_of(entry, tensors);
  graph::Network network{entry.build(input), {}};
  network.tensors = zoo::initialize(network.graph, 1);
  adopt(network, tensors, path.string());
  return scale.is_given() ? with_pixel_scale(network, scale) : network;
}

}  // namespace pact::api
