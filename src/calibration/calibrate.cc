#include "calibration/calibrate.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/cpu.h"
#include "base/error.h"
#include "calibration/float_run.h"
#include "graph/layers.h"
#include "passes/fold_batch_norm.h"
#include "passes/insert_quantizers.h"
#include "passes/integer_pixels.h"
#include "passes/non_negative.h"
#include "quant/grid.h"

namespace pact::calibration {
namespace {

using graph::Graph;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::ValueId;
using quant::kFloatBits;

void require_bits(const char* what, int bits, int least) {
  if (bits == kFloatBits || (bits >= least && bits <= quant::kMaxBits)) return;
  fail(ErrorKind::usage, "{} must have {} to 8 bits, or 32 to stay float, not {}", what, least, bits);
}

void require_valid(const Options& options) {
  require_bits("weights", options.weights, 2);
  require_bits("activations", options.activations, 1);
  require_bits("the first layer", options.first_layer, 2);
  require_bits("the last layer", options.last_layer, 2);
  if (options.weights == kFloatBits && options.activations == kFloatBits)
    fail(ErrorKind::usage, "weights and activations are to stay float, so there is nothing to calibrate");
  if (!(options.share > 0 && options.share <= 1))
    fail(ErrorKind::usage, "the percentile must be above 0 and at most 100, not {}", 100 * options.share);
}

void require_float(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    const bool has_codes = node.op == Op::quant || node.op == Op::quantize || node.op == Op::dequantize ||
                           is_integer_layer(node);
    if (has_codes)
      fail("{}: is quantized already (node '{}', {}); calibration starts from a float network", graph.name(),
           node.name, name_of(node.op));
  }
  if (passes::weighted_layers(graph).empty()) fail("{}: has no layer to quantize", graph.name());
}

// Pixels with integer means and one deviation, in front of a convolution with coded weights: lowering takes
// their bytes as codes (passes/lower/layer.h), so that they need no quantizer.
bool are_pixels(const Graph& graph, const Node& layer, int weight_bits) {
  const Node* producer = graph.producer(layer.inputs[0]);
  if (!producer || producer->op != Op::normalize || layer.op != Op::conv2d) return false;
  const std::vector<double>&mean = producer->reals("mean"), &std = producer->reals("std");
  return weight_bits == kFloatBits ||
         (std::ranges::all_of(mean, [](double m) { return m == std::nearbyint(m) && m >= 0 && m <= 255; }) &&
          std::ranges::all_of(std, [&](double s) { return s == std[0]; }));
}

std::vector<LayerGrids> plan(const Network& network, const Options& options) {
  const Graph& graph = network.graph;
  const std::vector<const Node*> nodes = passes::weighted_layers(graph);
  std::vector<LayerGrids> layers;
  for (const Node* node : nodes) {
    if (graph.producer(node->inputs[1]))
      fail(ErrorKind::unsupported, "{}: layer '{}' has weights that are computed", graph.name(), node->name);
    LayerGrids layer{.node = node};
    const bool is_last = node == nodes.back();
    const int weight_bits = is_last                 ? options.last_layer
                            : node == nodes.front() ? options.first_layer
                                                    : options.weights;
    const int bits = is_last ? options.last_layer : options.activations;
    if (bits != kFloatBits && !are_pixels(graph, *node, weight_bits))
      layer.reading = Reading{node->inputs[0], bits};
    if (weight_bits != kFloatBits) {
      try {
        layer.codes = choose_codes(network.tensors.at(graph.value(node->inputs[1]).name), weight_bits,
                                   options.granularity);
      } catch (const Error& error) {
        fail("layer '{}': {}", node->name, error.what());
      }
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

// What the rounding of a layer's weights does to the mean of its outputs.
class MeanError {
 public:
  MeanError(const Network& network, const LayerGrids& layer, const engine::EngineOptions& options)
      : rounded_(make_layer_engine(network, *layer.node, passes::values_of(*layer.codes), options)),
        terms_(static_cast<size_t>(layer.codes->codes.shape[0]), 0.0) {}

  // `x` is what the float layer reads, `y` what it computes.
  void add(const Tensor& x, const Tensor& y) {
    const Tensor rounded = rounded_.run(x);
    const std::span<const float> exact = y.as<float>(), near = rounded.as<float>();
    const size_t area = exact.size() / (static_cast<size_t>(y.shape[0]) * terms_.size());
    for (size_t i = 0; i < exact.size(); ++i)
      terms_[i / area % terms_.size()] += static_cast<double>(exact[i]) - static_cast<double>(near[i]);
    places_ += static_cast<double>(exact.size()) / static_cast<double>(terms_.size());
  }

  //   E[w x] - E[w_q x], of each output channel
  double of(size_t channel) const { return terms_[channel] / places_; }

 private:
  engine::Engine rounded_;
  std::vector<double> terms_;
  double places_ = 0;
};

// Runs the float network and keeps what is asked of its values.
class Observation {
 public:
  Observation(const Network& network, const std::vector<LayerGrids>& layers, const Options& options,
              int64_t max_batch)
      : network_(network),
        engine_{.isa = selected_isa(), .threads = options.threads, .max_batch = max_batch},
        run_(network, engine_) {
    for (const LayerGrids& layer : layers) {
      if (layer.reading) magnitudes_[layer.reading->value];
      if (layer.codes && options.bias_correction == BiasCorrection::on)
        errors_.try_emplace(layer.node, network, layer, engine_);
    }
  }

  void add(const Tensor& images) {
    const ValueId input = network_.graph.inputs()[0];
    if (magnitudes_.contains(input)) add_magnitudes(input, images);
    run_.run(images, [&](const Node& node, const graph::Tensors& values) {
      const auto value = [&](ValueId id) -> const Tensor& {
        return values.at(network_.graph.value(id).name);
      };
      if (magnitudes_.contains(node.output)) add_magnitudes(node.output, value(node.output));
      if (const auto error = errors_.find(&node); error != errors_.end())
        error->second.add(value(node.inputs[0]), value(node.output));
    });
  }

  const Magnitudes& magnitudes(ValueId value) const { return magnitudes_.at(value); }
  const MeanError* mean_error(const Node& layer) const {
    const auto found = errors_.find(&layer);
    return found == errors_.end() ? nullptr : &found->second;
  }

 private:
  void add_magnitudes(ValueId id, const Tensor& values) {
    try {
      magnitudes_.at(id).add(values.as<float>());
    } catch (const Error& error) {
      fail("the value '{}': {}", network_.graph.value(id).name, error.what());
    }
  }

  const Network& network_;
  engine::EngineOptions engine_;
  FloatRun run_;
  std::map<ValueId, Magnitudes> magnitudes_;
  std::map<const Node*, MeanError> errors_;
};

CalibratedValue choose_grid(const Graph& graph, const LayerGrids& layer, const Magnitudes& magnitudes,
                            const Options& options) {
  const int bits = layer.reading->bits;
  const bool has_sign = !passes::is_non_negative(graph, layer.reading->value);
  if (has_sign && bits < 2)
    fail(ErrorKind::unsupported,
         "layer '{}': its input has both signs, which takes 2 bits or more; give more with --activations",
         layer.node->name);
  const int largest_code = has_sign ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  const float level = choose_level(magnitudes, largest_code, options.range, options.share);
  int64_t beyond = 0;
  for (size_t i = 0; i < magnitudes.bins().size(); ++i)
    if (static_cast<double>(i) * magnitudes.width() >= static_cast<double>(level))
      beyond += magnitudes.bins()[i];
  return {{*layer.reading, layer.node->name + ".input_quant", has_sign, level},
          static_cast<double>(beyond) / static_cast<double>(magnitudes.count()),
          magnitudes};
}

Tensor corrected_bias(const Network& network, const Node& layer, const MeanError& error, int64_t channels) {
  Tensor bias = layer.inputs.size() > 2 ? network.tensors.at(network.graph.value(layer.inputs[2]).name)
                                        : Tensor::zeros(graph::DataType::f32, {channels});
  for (size_t o = 0; o < static_cast<size_t>(channels); ++o)
    bias.as<float>()[o] = static_cast<float>(static_cast<double>(bias.as<float>()[o]) + error.of(o));
  return bias;
}

}  // namespace

void require_calibratable(const Network& network, const Options& options) {
  require_valid(options);
  require_float(network.graph);
}

Calibrated calibrate(const Network& network, const Options& options, const Images& images) {
  require_calibratable(network, options);
  Network plain = passes::fold_batch_norm(network);
  if (options.first_layer != kFloatBits) plain = passes::with_integer_pixels(plain);
  std::vector<LayerGrids> layers = plan(plain, options);

  Observation observation(plain, layers, options, images.max_batch);
  Tensor batch;
  bool has_images = false;
  for (; images.next(batch); has_images = true) observation.add(batch);
  if (!has_images) fail(ErrorKind::usage, "calibration needs at least one image");

  std::vector<ActivationGrid> grids;
  Calibrated result;
  for (LayerGrids& layer : layers) {
    if (layer.reading && std::ranges::find(grids, *layer.reading, &ActivationGrid::reading) == grids.end()) {
      result.values.push_back(
          choose_grid(plain.graph, layer, observation.magnitudes(layer.reading->value), options));
      grids.push_back(result.values.back().grid);
    }
    if (const MeanError* error = observation.mean_error(*layer.node))
      layer.bias = corrected_bias(plain, *layer.node, *error, layer.codes->codes.shape[0]);
  }
  result.network = with_grids(plain, layers, grids);
  if (options.shortcuts == passes::Shortcuts::codes)
    result.network = passes::with_coded_shortcuts(result.network);
  return result;
}

}  // namespace pact::calibration
