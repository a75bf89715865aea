#include "rtl/network.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/error.h"
#include "graph/grids.h"
#include "graph/layers.h"
#include "reference/evaluate.h"

namespace pact::rtl {

using graph::DataType;
using graph::Graph;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::Tensors;

std::string_view name_of(Place place) {
  switch (place) {
    case Place::array:
      return "array";
    case Place::units:
      return "requantize units";
    case Place::host:
      return "host";
  }
  fail(ErrorKind::internal, "place {} is unknown", static_cast<int>(place));
}

std::vector<Design> designs_of(const Graph& graph, const ArraysOptions& options) {
  std::map<std::pair<int, int>, Design> designs;
  for (const Node& node : graph.nodes()) {
    if (!is_integer_layer(node)) continue;
    const LayerForm form = form_of(graph, node);
    const auto [place, is_new] = designs.try_emplace({form.activation_bits, form.weight_grid.bits});
    Design& design = place->second;
    const int bits = std::max(accumulator_bits(form), is_new ? 0 : design.element.accumulator_bits);
    const int64_t terms = std::max<int64_t>(form.terms, is_new ? 0 : design.terms);
    design = {options.rows,
              options.columns,
              {1, form.activation_bits, form.weight_grid.bits, bits},
              options.buffering,
              static_cast<int>(terms)};
  }
  if (designs.empty())
    fail(ErrorKind::unsupported, "graph {}: has no layer on integers, so there is nothing for an array to do",
         graph.name());
  std::vector<Design> out;
  for (auto& [bits, design] : designs) out.push_back(design);
  return out;
}

ArraySet::ArraySet(const std::vector<Design>& designs, Arithmetic arithmetic,
                   const std::function<void(size_t, double)>& on_build) {
  for (const Design& design : designs) {
    const auto tell = [&](double seconds) {
      if (on_build) on_build(arrays_.size(), seconds);
    };
    tell(0);
    arrays_.push_back(std::make_unique<Simulation>(design, arithmetic, tell));
  }
}

Simulation& ArraySet::array_for(const LayerForm& form) const {
  Simulation* best = nullptr;
  const auto size = [](const Design& d) { return d.element.activation_bits * d.element.weight_bits; };
  for (const auto& array : arrays_) {
    const MultiplyAdd& element = array->design().element;
    if (element.activation_bits < form.activation_bits || element.weight_bits < form.weight_grid.bits ||
        element.accumulator_bits < accumulator_bits(form))
      continue;
    if (!best || size(array->design()) < size(best->design())) best = array.get();
  }
  if (!best)
    fail(ErrorKind::unsupported,
         "no array holds a layer with {} bits of activations, {} of weights and {} of accumulators",
         form.activation_bits, form.weight_grid.bits, accumulator_bits(form));
  return *best;
}

namespace {

ChannelNumbers numbers_of(const Graph& graph, const Node& node, const Tensors& values) {
  const auto span = [&]<typename Element>(size_t input, Element) {
    const auto all = values.at(graph.value(node.inputs[input]).name).as<Element>();
    return std::vector<Element>(all.begin(), all.end());
  };
  ChannelNumbers numbers{span(1, int16_t{}), span(2, int64_t{}), span(3, uint8_t{})};
  if (node.op == Op::fixed_requantize) {
    const quant::Grid grid = graph::code_grid_of(node);
    numbers.low = grid.min_code();
    numbers.high = grid.max_code();
  }
  return numbers;
}

int64_t count_wrong(const Tensor& got, const Tensor& expected) {
  if (got.type != expected.type || got.shape != expected.shape)
    return std::max(got.count(), expected.count());
  const size_t size = graph::size_bytes(got.type);
  int64_t wrong = 0;
  for (size_t i = 0; i < got.bytes.size(); i += size)
    wrong += std::memcmp(&got.bytes[i], &expected.bytes[i], size) != 0;
  return wrong;
}

// One pass over the nodes.
struct Walk {
  const ArraySet& own;
  const Graph& graph;
  int64_t batch;
  Tensors values;
  std::map<std::string, LayerSums> sums;      // of layers, as they left the array
  std::map<std::string, Simulation*> arrays;  // that made them

  const Tensor& input(const Node& node, size_t i) const {
    return values.at(graph.value(node.inputs[i]).name);
  }
  graph::TensorType type(const Node& node) const {
    graph::TensorType type = graph.value(node.output).type;
    if (type.shape[0] == graph::kBatch) type.shape[0] = batch;
    return type;
  }
  // Streams and codes are taken by the units of the first array.
  std::vector<int32_t> through_units(const Tensor& x, std::span<const int32_t> addend,
                                     const ChannelNumbers& numbers) {
    return requantize(own.units(), x.shape[1], rows_of(x), addend, numbers);
  }

  Tensor layer(const Node& node, NodeRun& run) {
    Simulation& array = own.array_for(form_of(graph, node));
    LayerSums made = run_layer(array, graph, node, input(node, 0), input(node, 1));
    run.place = Place::array;
    run.folds = made.folds;
    run.macs = made.macs;
    run.cycles = made.cycles;
    run.model_cycles = made.model_cycles;
    Tensor accumulators = tensor_of(type(node), requantize(array, made, unchanged()));
    arrays[node.name] = &array;
    sums[node.name] = std::move(made);
    return accumulators;
  }

  Tensor rescale(const Node& node) {
    const ChannelNumbers numbers = numbers_of(graph, node, values);
    const std::string& from = graph.value(node.inputs[0]).name;
    if (const auto made = sums.find(from); made != sums.end())
      return tensor_of(type(node), requantize(*arrays.at(from), made->second, numbers));
    return tensor_of(type(node), through_units(input(node, 0), {}, numbers));
  }

  Tensor run(const Node& node, NodeRun& report) {
    if (is_integer_layer(node)) return layer(node, report);
    const bool is_stream = type(node).dtype == DataType::i32;
    report.place = Place::units;
    if (node.op == Op::fixed_requantize || node.op == Op::fixed_rescale) return rescale(node);
    if (node.op == Op::add && is_stream)
      return tensor_of(type(node), through_units(input(node, 0), rows_of(input(node, 1)), unchanged()));
    if (node.op == Op::relu && is_stream) {
      ChannelNumbers numbers = unchanged();
      numbers.low = 0;
      return tensor_of(type(node), through_units(input(node, 0), {}, numbers));
    }
    report.place = Place::host;
    return reference::evaluate_node(graph, node, values, batch);
  }
};

// How long a node takes to simulate, roughly, for the time that is left: its multiplications, or its values.
double work_of(const Graph& graph, const Node& node) {
  constexpr double kValue = 32;
  const graph::Shape& shape = graph.value(node.output).type.shape;
  const auto values = static_cast<double>(graph::element_count({shape.begin() + 1, shape.end()}));
  return values *
         (is_integer_layer(node) ? kValue + static_cast<double>(form_of(graph, node).terms) : kValue);
}

}  // namespace

NetworkRun run_network(const ArraySet& arrays, const graph::Network& lowered, const Tensor& input,
                       const Tensors& expected, const std::function<void(double)>& on_progress) {
  const Graph& graph = lowered.graph;
  if (graph.inputs().size() != 1 || graph.outputs().size() != 1)
    fail(ErrorKind::unsupported, "graph {}: has {} inputs and {} outputs; a simulation takes one of each",
         graph.name(), graph.inputs().size(), graph.outputs().size());
  Walk walk{arrays, graph, input.shape.empty() ? 1 : input.shape[0], lowered.tensors, {}, {}};
  walk.values[graph.value(graph.inputs()[0]).name] = input;
  NetworkRun result;
  double done = 0, all = 0;
  for (const Node& node : graph.nodes()) all += work_of(graph, node);
  for (const Node& node : graph.nodes()) {
    if (on_progress) on_progress(done / all);
    done += work_of(graph, node);
    NodeRun report{.name = node.name, .op = std::string(name_of(node.op))};
    Tensor value = walk.run(node, report);
    report.values = value.count();
    report.wrong = count_wrong(value, expected.at(node.name));
    result.nodes.push_back(report);
    walk.values[node.name] = std::move(value);
  }
  result.output = walk.values.at(graph.value(graph.outputs()[0]).name);
  return result;
}

}  // namespace pact::rtl
