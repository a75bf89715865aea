#include "passes/lower/streams.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "graph/grids.h"
#include "graph/layers.h"
#include "quant/requantize.h"

namespace pact::passes {
namespace {

using graph::Graph;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::ValueId;

bool is_average(const Node& node) { return node.op == Op::avg_pool || node.op == Op::global_avg_pool; }

// The least e with |x| < 2^e.
int exponent_of(double x) {
  int exponent = 0;
  std::frexp(x, &exponent);
  return exponent;
}

}  // namespace

bool is_source(const Node& node) {
  return node.op == Op::rescale || node.op == Op::dequantize || is_average(node);
}

bool rescales_stream(const Graph& graph, const Node& node) {
  return node.op == Op::rescale && graph.value(node.inputs[0]).type.dtype == graph::DataType::f32;
}

bool is_selection(const Node& node) {
  return node.op == Op::relu || node.op == Op::max_pool || node.op == Op::flatten || node.op == Op::slice ||
         node.op == Op::pad;
}

Average average_of(const Graph& graph, const Node& node) {
  if (node.op == Op::global_avg_pool) {
    const graph::Shape& x = graph.value(node.inputs[0]).type.shape;
    return {{x[2], x[3]}, {1, 1}, {0, 0, 0, 0}, {1, 1}, x[2] * x[3]};
  }
  Average average{node.integers("kernel"), node.integers("strides"), node.integers("pads"),
                  node.integers("dilations"), 1};
  average.count = average.kernel[0] * average.kernel[1];
  if (average.has_padding() && node.integer("count_include_pad") == 0)
    fail(ErrorKind::unsupported,
         "node '{}': windows at the border average fewer elements, which has no form in integers; count the "
         "padding in, or do without it",
         node.name);
  return average;
}

Interval<int64_t> code_bounds(const Graph& graph, ValueId codes) {
  const graph::CodeRange range = graph::code_range(graph, codes);
  return {range.least, range.largest};
}

//   accumulator = sum of multiplicand(weight) * (code - zero), each product between those of the extreme
//   codes; padding contributes 0
std::vector<Interval<int64_t>> accumulator_bounds(const Network& network, const Node& rescale) {
  const Graph& graph = network.graph;
  const Node* producer = graph.producer(rescale.inputs[0]);
  if (!producer || !is_integer_layer(*producer))
    fail(ErrorKind::unsupported, "node '{}': what it rescales is not computed by an integer layer",
         rescale.name);
  const Node& layer = *producer;
  const Interval<int64_t> code = code_bounds(graph, layer.inputs[0]);
  const graph::Tensor& weight = network.tensors.at(graph.value(layer.inputs[1]).name);
  const quant::Grid grid = graph::weight_grid_of(layer);
  const bool is_convolution = layer.op == Op::integer_conv2d;
  const std::vector<int64_t> zero = is_convolution ? layer.integers("input_zero") : std::vector<int64_t>();
  const int64_t outputs = weight.shape[0], channels = weight.shape[1];
  const int64_t taps = graph::element_count(weight.shape) / (outputs * channels);
  const int64_t groups = is_convolution ? layer.integer("groups") : 1;
  std::vector<Interval<int64_t>> bounds;
  size_t at = 0;
  for (int64_t o = 0; o < outputs; ++o) {
    Interval<int64_t> sum;
    for (int64_t c = 0; c < channels; ++c) {
      const auto channel = static_cast<size_t>(o / (outputs / groups) * channels + c);
      const int64_t z = zero.empty() ? 0 : zero[channel];
      const Interval<int64_t> x = Interval<int64_t>{code.low - z, code.high - z}.with_zero();
      for (int64_t tap = 0; tap < taps; ++tap) {
        const int64_t w = grid.multiplicand(code_at(weight, at++));
        sum.low += std::min(w * x.low, w * x.high);
        sum.high += std::max(w * x.low, w * x.high);
      }
    }
    if (sum.size() > std::numeric_limits<int32_t>::max())
      fail(ErrorKind::unsupported,
           "node '{}': the accumulator of its output {} could reach {} to {}, beyond int32", layer.name, o,
           sum.low, sum.high);
    bounds.push_back(sum);
  }
  return bounds;
}

Streams::Streams(const Network& network, int stream_bits)
    : network_(network),
      graph_(network.graph),
      wanted_(graph_.values().size(), false),
      bounds_(graph_.values().size()),
      largest_multiplier_(graph_.values().size(), 0.0),
      largest_sum_(graph_.values().size(), 0.0),
      largest_distance_(graph_.values().size(), 0.0) {
  for (size_t i = 0; i < graph_.values().size(); ++i) group_.push_back(i);
  for (const Node& node : graph_.nodes())
    if (node.op == Op::quantize) find_direct(node);
  mark();
  for (const Node& node : graph_.nodes()) bound(node);
  choose_units(stream_bits);
}

void Streams::find_direct(const Node& quantize) {
  const quant::Grid grid = graph::grid_of(quantize);
  const bool zero_is_code_0 = grid.twice_offset() == 0;
  const bool zero_is_least = zero_is_code_0 && grid.kind == quant::GridKind::unsigned_;
  std::vector<const Node*> path;
  ValueId value = quantize.inputs[0];
  for (;;) {
    const Node* node = graph_.producer(value);
    if (!node) return;
    const std::vector<graph::NodeId> readers = graph_.consumers(value);
    const bool is_output = std::ranges::count(graph_.outputs(), value) > 0;
    const bool is_alone = readers.size() == 1 && !is_output;
    if (is_source(*node)) {
      const bool only_quantizers = path.empty() && std::ranges::all_of(readers, [&](graph::NodeId id) {
                                     return graph_.node(id).op == Op::quantize;
                                   });
      if (!is_alone && !only_quantizers) return;
      std::ranges::reverse(path);
      direct_[&quantize] = std::move(path);
      return;
    }
    const bool keeps_order = node->op == Op::max_pool || node->op == Op::flatten || node->op == Op::slice ||
                             (node->op == Op::pad && zero_is_code_0) ||
                             (node->op == Op::relu && zero_is_least);
    if (!is_alone || !keeps_order) return;
    path.push_back(node);
    value = node->inputs[0];
  }
}

// From the last node to the first: what a stream is computed from is a stream, up to the sources.
void Streams::mark() {
  for (const ValueId output : graph_.outputs()) {
    const Node* node = graph_.producer(output);
    const bool is_integer = node && (is_source(*node) || node->op == Op::quantize || is_integer_layer(*node));
    if (node && !is_integer) want(output);
  }
  for (auto node = graph_.nodes().rbegin(); node != graph_.nodes().rend(); ++node) {
    const ValueId x = node->inputs[0];
    if (node->op == Op::add) {
      for (const ValueId summand : node->inputs) want(summand), join(summand, node->output);
      want(node->output);
    } else if (is_average(*node) || rescales_stream(graph_, *node)) {
      want(x);
    } else if ((is_selection(*node) || node->op == Op::clip) && is_stream(node->output)) {
      want(x);
      join(x, node->output);
    } else if (node->op == Op::quantize && !is_direct(*node)) {
      // The input of the network and its normalization stay real.
      const Node* producer = graph_.producer(x);
      if (producer && producer->op != Op::normalize) want(x);
    }
  }
}

size_t Streams::group_of(ValueId value) const {
  auto group = static_cast<size_t>(value);
  while (group_[group] != group) group = group_[group];
  return group;
}

// The real numbers that a source can make, widened by what the rounding of m may add.
Interval<double> Streams::bounds_of_source(const Node& node) {
  constexpr double kRounding = 0x1p-14;
  const auto value = static_cast<size_t>(node.output);
  if (is_average(node)) {
    const Interval<double> x = bounds_[static_cast<size_t>(node.inputs[0])];
    const Average average = average_of(graph_, node);
    largest_sum_[static_cast<size_t>(node.inputs[0])] = std::max(
        largest_sum_[static_cast<size_t>(node.inputs[0])], x.size() * static_cast<double>(average.count));
    return average.has_padding() ? x.with_zero() : x;
  }
  if (node.op == Op::dequantize) {
    const quant::Grid grid = graph::grid_of(node);
    largest_multiplier_[value] = static_cast<double>(grid.step);
    const Interval<int64_t> code = code_bounds(graph_, node.inputs[0]);
    const auto real = [&](int64_t c) {
      return static_cast<double>(grid.multiplicand(static_cast<int>(c))) * static_cast<double>(grid.unit());
    };
    return {real(code.low) * (1 + kRounding), real(code.high) * (1 + kRounding)};
  }
  const auto multiplier = network_.tensors.at(graph_.value(node.inputs[1]).name).as<float>();
  const auto bias = network_.tensors.at(graph_.value(node.inputs[2]).name).as<float>();
  const bool from_stream = rescales_stream(graph_, node);
  std::vector<Interval<double>> inputs;
  if (from_stream) {
    const Interval<double> x = bounds_[static_cast<size_t>(node.inputs[0])];
    const double rounded = x.size() * 0x1p-9;  // of the streams that it is made of, 16 bits wide at least
    inputs.assign(multiplier.size(), {x.low - rounded, x.high + rounded});
  } else
    for (const Interval<int64_t>& sum : accumulator_bounds(network_, node))
      inputs.push_back({static_cast<double>(sum.low), static_cast<double>(sum.high)});
  Interval<double> bounds{std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()};
  for (size_t c = 0; c < inputs.size(); ++c) {
    const double m{multiplier[c]}, b{bias[c]};
    // From stream to stream the quotient of two units, about the inverse of m, comes to it.
    if (!from_stream) largest_multiplier_[value] = std::max(largest_multiplier_[value], std::abs(m));
    const double one = m * inputs[c].low, other = m * inputs[c].high;
    const double slack = std::max(std::abs(one), std::abs(other)) * kRounding;
    bounds = bounds.joined({std::min(one, other) + b - slack, std::max(one, other) + b + slack});
  }
  return bounds;
}

void Streams::bound(const Node& node) {
  const auto of = [&](size_t i) { return bounds_[static_cast<size_t>(node.inputs[i])]; };
  Interval<double>& bounds = bounds_[static_cast<size_t>(node.output)];
  if (is_source(node) && (is_stream(node.output) || is_average(node))) bounds = bounds_of_source(node);
  if (!is_stream(node.output)) return;
  if (is_source(node)) return;
  if (node.op == Op::add)
    bounds = {of(0).low + of(1).low, of(0).high + of(1).high};
  else if (node.op == Op::relu)
    bounds = {std::max(of(0).low, 0.0), std::max(of(0).high, 0.0)};
  else if (node.op == Op::pad)
    bounds = of(0).with_zero();
  else if (node.op == Op::clip) {
    const auto inside = [&](double x) { return std::clamp(x, node.real("low"), node.real("high")); };
    bounds = {inside(of(0).low), inside(of(0).high)};
    largest_distance_[static_cast<size_t>(node.output)] =
        std::max({std::abs(of(0).low - bounds.low), std::abs(of(0).high - bounds.high),
                  bounds.high - bounds.low, bounds.low > of(0).low ? of(0).high - bounds.low : 0.0});
  } else if (is_selection(node))
    bounds = of(0);
  else
    fail(ErrorKind::unsupported,
         "node '{}' ({}): it computes on real numbers and has no form in integers; quantize its input and "
         "weights, "
         "or lower with real requantization",
         node.name, name_of(node.op));
}

void Streams::choose_units(int stream_bits) {
  if (stream_bits < 16 || stream_bits > 32)
    fail(ErrorKind::usage, "streams have 16 to 32 bits, not {}", stream_bits);
  struct Group {
    double size = 0, sum = 0, multiplier = 0;
    int values = 0;
  };
  std::map<size_t, Group> groups;
  for (size_t id = 0; id < bounds_.size(); ++id) {
    if (!wanted_[id]) continue;
    Group& group = groups[group_of(static_cast<ValueId>(id))];
    group.size = std::max({group.size, bounds_[id].size(), largest_distance_[id]});
    if (largest_distance_[id] > 0) ++group.values;  // its ends are rounded, too
    group.sum = std::max(group.sum, largest_sum_[id]);
    group.multiplier = std::max(group.multiplier, largest_multiplier_[id]);
    ++group.values;
  }
  constexpr int kMostFraction = 40;
  const double most = std::ldexp(1.0, stream_bits - 1) - 1, most_sum = std::numeric_limits<int32_t>::max();
  for (const auto& [id, group] : groups) {
    // Each value of the group may have been rounded by one unit.
    const auto fits = [&, &group = group](int fraction) {  // clang 14 does not take it without the name
      const double scale = std::ldexp(1.0, fraction);
      const bool has_shift = group.multiplier == 0 ||
                             quant::kNetworkLimits.multiplier_bits - exponent_of(group.multiplier * scale) >
                                 quant::kNetworkLimits.least_shift;
      return group.size * scale + group.values <= most &&
             group.sum * scale * (1 + group.values / (group.size * scale + 1)) <= most_sum && has_shift;
    };
    int fraction = kMostFraction;
    while (fraction > -kMostFraction && !fits(fraction)) --fraction;
    fractions_[id] = fraction;
  }
}

}  // namespace pact::passes
