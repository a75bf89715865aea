#include "train/run_report.h"

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "data/loader.h"
#include "passes/insert_quantizers.h"
#include "passes/layer_table.h"
#include "quant/clip.h"
#include "quant/weights.h"
#include "train/batches.h"

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

std::vector<double> levels_of(const quant::Grid& grid, double scale) {
  std::vector<double> levels;
  for (int code = grid.min_code(); code <= grid.max_code(); ++code)
    levels.push_back(static_cast<double>(grid.value_of(code)) * scale);
  return levels;
}

// Weights as the grid sees them: after the scheme's transform.
ordered_json weight_histogram(const graph::Node& quant, const std::string& name, const at::Tensor& weight) {
  const at::Tensor w = weight.detach().contiguous();
  const std::span<const float> values(w.data_ptr<float>(), static_cast<size_t>(w.numel()));
  const quant::WeightGrid grid = quant::choose_weight_grid(quant::weight_scheme_of(quant.word("scheme")),
                                                           static_cast<int>(quant.integer("bits")), values);
  const at::Tensor transformed = at::empty_like(w);
  quant::transform_weights(grid, values, {transformed.data_ptr<float>(), values.size()});
  const double reach =
      std::max(transformed.abs().max().item<double>(), static_cast<double>(grid.limit)) * 1.05;
  return histogram(name, "weight", transformed, -reach, reach, levels_of(grid.grid, 1.0));
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
      histograms.push_back(weight_histogram(*quant, name, weight));
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
    const double alpha =
        quant.inputs.size() > 1 ? parameters.at(graph.value(quant.inputs[1]).name).item<double>() : 1.0;
    const quant::Grid grid =
        quant::clip_grid(static_cast<float>(alpha), static_cast<int>(quant.integer("bits")));
    const double high = std::max(alpha, input.to(at::kFloat).max().item<double>()) * 1.05;
    histograms.push_back(histogram(quant.name, "activation", input, 0, high, levels_of(grid, 1.0)));
  };
  executor.run(pixels_of(batch, dataset.image), {.observer = observe});

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
