#include "train/run_report.h"

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "data/loader.h"
#include "graph/grids.h"
#include "passes/insert_quantizers.h"
#include "passes/layer_table.h"
#include "quant/activations.h"
#include "quant/weights.h"
#include "train/batches.h"
#include "train/quantizers/clip.h"

namespace pact::train {
namespace {

using nlohmann::ordered_json;
constexpr int kBins = 96;

ordered_json histogram(const std::string& name, const char* kind, const at::Tensor& values, double low,
                       double high, const std::vector<double>& levels) {
  // histc leaves out what lies outside; it belongs to the outer bins.
  const at::Tensor inside = values.to(at::kFloat).contiguous().flatten().clamp(low, high);
  const at::Tensor counts = at::histc(inside, kBins, low, high).to(at::kLong);
  const int64_t* data = counts.data_ptr<int64_t>();
  return {{"name", name},
          {"kind", kind},
          {"low", low},
          {"high", high},
          {"counts", std::vector<int64_t>(data, data + counts.numel())},
          {"levels", levels}};
}

std::vector<double> levels_of(const quant::Grid& grid) {
  std::vector<double> levels;
  for (int code = grid.min_code(); code <= grid.max_code(); ++code)
    levels.push_back(static_cast<double>(grid.value_of(code)));
  return levels;
}

std::span<const float> numbers_of(const at::Tensor& t) {
  return {t.data_ptr<float>(), static_cast<size_t>(t.numel())};
}

// Weights as their grids see them: after the scheme's transform. Where outputs have grids of their own, each
// is brought to the mean of the steps.
ordered_json weight_histogram(const graph::Node& quant, const std::string& name, const at::Tensor& weight,
                              const at::Tensor& steps) {
  const at::Tensor w = weight.detach().contiguous();
  const size_t channels = quant.word("granularity") == "channel" ? static_cast<size_t>(w.size(0)) : 1;
  const std::vector<quant::WeightGrid> grids = quant::choose_weight_grids(
      quant::weight_scheme_of(quant.word("scheme")), static_cast<int>(quant.integer("bits")), numbers_of(w),
      channels, steps.defined() ? numbers_of(steps) : std::span<const float>());
  double mean_step = 0;
  for (const quant::WeightGrid& grid : grids) mean_step += static_cast<double>(grid.grid.step);
  mean_step /= static_cast<double>(channels);
  const at::Tensor transformed = at::empty_like(w);
  const size_t each = static_cast<size_t>(w.numel()) / channels;
  const std::span<float> out(transformed.data_ptr<float>(), each * channels);
  for (size_t c = 0; c < channels; ++c) {
    const std::span<float> part = out.subspan(c * each, each);
    quant::transform_weights(grids[c], numbers_of(w).subspan(c * each, each), part);
    const double unit = mean_step / static_cast<double>(grids[c].grid.step);
    if (channels > 1)
      for (float& u : part) u = static_cast<float>(static_cast<double>(u) * unit);
  }
  quant::Grid grid = grids[0].grid;
  grid.step = static_cast<float>(mean_step);
  const double outermost = static_cast<double>(grid.value_of(grid.max_code()));
  const double reach = std::max(transformed.abs().max().item<double>(), outermost) * 1.05;
  return histogram(name, "weight", transformed, -reach, reach, levels_of(grid));
}

// The grid of an activation's quantizer; where channels have their own, with the mean of their steps.
quant::Grid mean_grid(const graph::Graph& graph, const Parameters& parameters, const graph::Node& quant) {
  const at::Tensor learned =
      quant.inputs.size() > 1 ? parameters.at(graph.value(quant.inputs[1]).name) : at::Tensor();
  const std::vector<quant::Grid> grids = activation_grids(
      quant::activation_scheme_of(quant.word("scheme")).scheme, graph::form_of(quant), learned);
  double step = 0;
  for (const quant::Grid& grid : grids) step += static_cast<double>(grid.step);
  quant::Grid grid = grids[0];
  if (grids.size() > 1) grid.step = static_cast<float>(step / static_cast<double>(grids.size()));
  return grid;
}

ordered_json layers_json(const passes::LayerTable& table) {
  ordered_json layers = ordered_json::array();
  for (const passes::LayerRow& row : table.rows)
    layers.push_back({{"name", row.name},
                      {"op", row.op},
                      {"output", row.output},
                      {"weight_bits", row.weight_bits},
                      {"weight_scheme", row.weight_scheme},
                      {"activation_bits", row.activation_bits},
                      {"activation_scheme", row.activation_scheme},
                      {"parameters", row.parameters},
                      {"macs", row.macs},
                      {"bytes", row.bytes}});
  return layers;
}

}  // namespace

std::vector<std::pair<std::string, double>> clip_levels(const graph::Graph& graph,
                                                        const Parameters& parameters) {
  std::vector<std::pair<std::string, double>> levels;
  for (const graph::Node& node : graph.nodes()) {
    if (node.op != graph::Op::quant || node.inputs.size() < 2) continue;
    if (graph.value(node.inputs[0]).kind == graph::ValueKind::parameter) continue;
    const at::Tensor learned = parameters.at(graph.value(node.inputs[1]).name);
    const bool is_level = quant::activation_scheme_of(node.word("scheme")).learned == quant::Learned::level;
    const quant::Grid grid = mean_grid(graph, parameters, node);
    levels.emplace_back(node.name, is_level && learned.dim() == 0
                                       ? learned.item<double>()
                                       : static_cast<double>(grid.value_of(grid.max_code())));
  }
  return levels;
}

void write_run_report(const std::filesystem::path& directory, const Executor& executor,
                      const Parameters& parameters, const data::Dataset& dataset) {
  at::NoGradGuard no_grad;
  const graph::Graph& graph = executor.graph();
  ordered_json histograms = ordered_json::array();
  for (const graph::Node* layer : passes::weighted_layers(graph)) {
    const graph::Node* quant = graph.producer(layer->inputs[1]);
    const std::string name = graph.value(quant ? quant->inputs[0] : layer->inputs[1]).name;
    const at::Tensor& weight = parameters.at(name);
    if (quant) {
      const at::Tensor steps =
          quant->inputs.size() > 1 ? parameters.at(graph.value(quant->inputs[1]).name) : at::Tensor();
      histograms.push_back(weight_histogram(*quant, name, weight, steps));
    } else {
      const double reach = weight.abs().max().item<double>() * 1.05 + 1e-12;
      histograms.push_back(histogram(name, "weight", weight.detach(), -reach, reach, {}));
    }
  }
  data::LoaderOptions options;
  options.batch_size = std::min<int64_t>(100, static_cast<int64_t>(dataset.count()));
  options.order = data::Order::sequential;
  data::Loader loader(dataset, options);
  loader.start(0);
  const data::Batch batch = *loader.next();
  const auto observe = [&](const graph::Node& quant, const at::Tensor& input) {
    const quant::Grid grid = mean_grid(graph, parameters, quant);
    const at::Tensor reals = input.to(at::kFloat);
    const double low =
        std::min(static_cast<double>(grid.value_of(grid.min_code())), reals.min().item<double>());
    const double high =
        std::max(static_cast<double>(grid.value_of(grid.max_code())), reals.max().item<double>());
    const double least = has_signed_codes(grid.kind) ? low * 1.05 : 0.0;
    histograms.push_back(histogram(quant.name, "activation", input, least, high * 1.05, levels_of(grid)));
  };
  executor.run(view_of_pixels(batch, dataset.image), {.observer = observe});

  const passes::LayerTable table = passes::make_layer_table(graph);
  const ordered_json report = {{"layers", layers_json(table)},
                               {"histograms", histograms},
                               {"totals",
                                {{"parameters", table.parameters},
                                 {"macs", table.macs},
                                 {"bytes", table.bytes},
                                 {"float_bytes", table.float_bytes}}}};
  write_file(directory / "report.json", report.dump() + "\n");
}

}  // namespace pact::train
