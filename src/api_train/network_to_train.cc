#include "api_train/network_to_train.h"

#include <algorithm>
#include <optional>

#include "api/given_weights.h"
#include "api/model.h"
#include "base/error.h"
#include "base/words.h"
#include "graph/layers.h"
#include "graph/text.h"
#include "passes/insert_quantizers.h"
#include "passes/integer_pixels.h"
#include "train/run_directory.h"
#include "zoo/zoo.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

using train::Continuation;

std::string listed(const graph::Node& normalize) {
  return fmt::format("mean={} std={}", graph::to_string(graph::Attribute(normalize.reals("mean"))),
                     graph::to_string(graph::Attribute(normalize.reals("std"))));
}

// Numbers of a plain file for a network of the zoo, which from there on takes the pixels of the data set.
graph::Network with_given_weights(const graph::Network& plain, const RunToTrain& r,
                                  const TrainCommand& command) {
  graph::Network network = plain;
  adopt(network, read_plain_weights(r.settings.init), "--init " + r.settings.init);
  const PixelScale scale{command.mean, command.std};
  if (!scale.is_given()) return network;
  network = with_pixel_scale(network, scale);
  const auto normalize_of = [](const graph::Network& of) -> const graph::Node& {
    return of.graph.node(of.graph.consumers(of.graph.inputs()[0]).front());
  };
  if (normalize_of(network).attributes != normalize_of(plain).attributes)
    fail("--mean and --std come to pixels with {}, and those of {} have {}", listed(normalize_of(network)),
         r.dataset, listed(normalize_of(plain)));
  return network;
}

graph::Network from_zoo(const RunToTrain& r, const data::Dataset& data) {
  const zoo::InputSpec input{data.image.channels,     data.image.height,
                             data.image.width,        static_cast<int64_t>(data.classes.size()),
                             data.normalization.mean, data.normalization.std};
  graph::Network plain{zoo::find_entry(r.network).build(input), {}};
  plain.tensors = zoo::initialize(plain.graph, static_cast<uint64_t>(r.settings.seed));
  return plain;
}

// The user's own network, with its numbers.
graph::Network from_onnx(const TrainCommand& command, const data::Dataset& data,
                         const train::Observer& observer) {
  graph::Network plain = load_model(
      {.path = command.network, .mean = command.mean, .std = command.std, .on_note = observer.on_message});
  const graph::Graph& graph = plain.graph;
  const graph::Shape images = {graph::kBatch, data.image.channels, data.image.height, data.image.width};
  const graph::Shape scores = {graph::kBatch, static_cast<int64_t>(data.classes.size())};
  if (graph.inputs().size() != 1 || graph.outputs().size() != 1 ||
      graph.value(graph.inputs()[0]).type.shape != images ||
      graph.value(graph.outputs()[0]).type.shape != scores)
    fail("{}: to train on {}, a network must have one input {} and one output {}", command.network, data.name,
         graph::to_string(images), graph::to_string(scores));
  for (const graph::Node& node : graph.nodes())
    if (node.op == graph::Op::quant || node.op == graph::Op::dequantize)
      fail(ErrorKind::unsupported, "{}: is quantized already (node '{}'); train starts from a float network",
           command.network, node.name);
  return plain;
}

// A run that is resumed without its graph.txt would be trained to its end and could then not be evaluated. That of a
// network of the zoo can be written again.
void look_at_stored_graph(const RunToTrain& r, const graph::Graph& built, const train::Observer& observer) {
  const std::string file = (r.directory / "graph.txt").string();
  std::optional<graph::Graph> stored;
  try {
    stored = train::load_graph(r.directory);
  } catch (const Error&) {
    observer.on_message(fmt::format("{}: is {}; it will be written again, from what run.json says", file,
                                    fs::exists(file) ? "damaged" : "missing"));
    return;
  }
  if (graph::print(*stored) != graph::print(built))
    fail(
        "{}: is not the network {} with the settings of run.json. Put back the run's own, remove the file to "
        "have it written again, or resume with the version of PACT that made the run",
        file, r.network);
}

// A network from elsewhere is in its run alone.
graph::Network network_of_run(const fs::path& directory) {
  try {
    train::load_graph(directory);
  } catch (const Error& error) {
    fail(error.kind(),
         "{}\nThe network came from an ONNX file and cannot be written again: put back a copy of graph.txt, "
         "or start "
         "another run",
         error.what());
  }
  return train::load_network(directory);
}

}  // namespace

graph::Network make_network(const RunToTrain& r, const TrainCommand& command, const data::Dataset& data,
                            const train::Observer& observer) {
  const bool is_resumed = command.continuation == Continuation::resume;
  if (is_onnx(r.network) && is_resumed) return network_of_run(r.directory);
  const bool starts_plain = !is_resumed && is_plain_weights(r.settings.init);
  if (!is_resumed && !is_onnx(r.network) && !starts_plain && (!command.mean.empty() || !command.std.empty()))
    fail(ErrorKind::usage,
         "--mean and --std go with an ONNX file, or with numbers from elsewhere that --init gives");
  graph::Network plain = is_onnx(r.network) ? from_onnx(command, data, observer) : from_zoo(r, data);
  if (starts_plain) plain = with_given_weights(plain, r, command);
  const bool quantizes = r.settings.weights != 32 || r.settings.activations != 32;
  if (quantizes && r.settings.first_layer != 32) plain = passes::with_integer_pixels(plain);
  passes::BitPolicy policy{.weights = static_cast<int>(r.settings.weights),
                           .activations = static_cast<int>(r.settings.activations),
                           .first_layer = static_cast<int>(r.settings.first_layer),
                           .last_layer = static_cast<int>(r.settings.last_layer),
                           .weight_scheme = r.settings.weight_quantizer,
                           .activation_scheme = r.settings.activation_quantizer,
                           .weight_granularity = quant::granularity_of(r.settings.weight_granularity),
                           .activation_granularity = quant::granularity_of(r.settings.activation_granularity),
                           .alpha = r.settings.alpha,
                           .shortcuts = passes::shortcuts_of(r.settings.shortcuts),
                           .overrides = {}};
  for (const std::string& text : r.settings.override)
    policy.overrides.push_back(passes::parse_bit_override(text));
  graph::Network network = passes::insert_quantizers(plain, policy);
  if (is_resumed) look_at_stored_graph(r, network.graph, observer);
  // A resumed run takes all its numbers from its own checkpoint.
  if (!is_resumed && !r.settings.init.empty() && !starts_plain) {
    if (is_onnx(r.settings.init))
      fail(
          "--init {}: the tensors of an ONNX file have names of their own; `pact train {} ...` trains that "
          "network and starts from its numbers",
          r.settings.init, shell_quoted(r.settings.init));
    const graph::Network from = train::load_network(r.settings.init);
    if (std::ranges::any_of(from.graph.nodes(), graph::is_integer_layer))
      fail("--init {}: holds the integers of a lowered network; give the run that it was exported from",
           r.settings.init);
    adopt(network, from.tensors, "--init " + r.settings.init);
    passes::start_weight_steps(network);
  }
  return network;
}

void require_network(const std::string& name) {
  const bool is_known =
      std::ranges::any_of(zoo::catalog(), [&](const auto& entry) { return entry.name == name; });
  if (is_onnx(name) || is_known) return;
  if (!fs::exists(name)) zoo::find_entry(name);  // throws, with the nearest name
  if (fs::path(name).extension() == ".pact")
    fail(
        "'{}' is a .pact file, and training starts from a network of the zoo (`pact zoo`) or an ONNX file; "
        "name one and give --teacher {} to learn from it, or --init {} to start from its numbers where they "
        "are float",
        name, name, name);
  fail(
      "'{}' is no network of the zoo (`pact zoo`) and no ONNX file; to start from a run, name its network "
      "and give "
      "--init {}",
      name, name);
}

}  // namespace pact::api
