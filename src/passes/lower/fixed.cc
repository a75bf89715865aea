// Node by node. A source is remembered as the integers that it starts from and the numbers that make them
// real; whoever reads it, as codes or as a stream, gets a rescaling of its own. Every integer made is bounded
// exactly.
#include "passes/lower/fixed.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/grids.h"
#include "graph/layers.h"
#include "passes/lower/remove_unused.h"
#include "passes/lower/streams.h"
#include "quant/requantize.h"

namespace pact::passes {
namespace {

using graph::Attributes;
using graph::DataType;
using graph::Graph;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::ValueId;
using Bounds = Interval<int64_t>;

// real = integer * multiplier[c] + bias[c], with one number for each channel or a single one.
struct Source {
  ValueId integers = -1;
  std::vector<Bounds> bounds;
  std::vector<double> multiplier, bias;
};

class FixedLowering {
 public:
  FixedLowering(const Network& from, int stream_bits)
      : network_(from), from_(from.graph), streams_(from, stream_bits), stream_bits_(stream_bits) {
    to_.graph.set_name(from_.name());
  }

  Network run() {
    for (size_t id = 0; id < from_.values().size(); ++id) copy_constant(static_cast<ValueId>(id));
    for (const Node& node : from_.nodes()) {
      try {
        lower_node(node);
      } catch (const Error& error) {
        const std::string message = error.what();
        if (message.starts_with("node '")) throw;
        fail(error.kind(), "node '{}' ({}): {}", node.name, name_of(node.op), message);
      }
    }
    for (const ValueId output : from_.outputs()) to_.graph.add_output(output_value(output));
    return std::move(to_);
  }

 private:
  void copy_constant(ValueId id) {
    const graph::Value& value = from_.value(id);
    if (value.kind == graph::ValueKind::activation) return;
    copied_[id] = to_.graph.add_source(value.kind, value.name, value.type);
    if (value.kind != graph::ValueKind::input) to_.tensors[value.name] = network_.tensors.at(value.name);
  }

  void lower_node(const Node& node) {
    switch (node.op) {
      case Op::integer_conv2d:
      case Op::integer_linear:
      case Op::normalize:
        return copy(node);
      case Op::quantize:
        return lower_quantize(node);
      case Op::rescale:
        if (rescales_stream(from_, node)) return lower_norm(node);
        return add_source(node, {copied(node.inputs[0]), accumulator_bounds(network_, node),
                                 reals(node.inputs[1]), reals(node.inputs[2])});
      case Op::dequantize:
        return lower_dequantize(node);
      case Op::avg_pool:
      case Op::global_avg_pool:
        return lower_average(node);
      default:
        if (is_selection(node) && !is_real(node.inputs[0])) return copy(node);
        if (streams_.is_stream(node.output)) lower_stream(node);
    }
  }

  bool is_real(ValueId value) const { return from_.value(value).type.dtype == DataType::f32; }

  void copy(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(copied(input));
    copied_[node.output] = to_.graph.add_node(node.op, node.name, std::move(inputs), node.attributes);
  }

  // value = (code - offset) * step
  void lower_dequantize(const Node& node) {
    const quant::Grid grid = graph::grid_of(node);
    const double step{grid.step};
    const ValueId codes = node.inputs[0];
    add_source(node,
               {copied(codes), {code_bounds(from_, codes)}, {step}, {-0.5 * grid.twice_offset() * step}});
  }

  // (stream * unit) * multiplier[c] + bias[c]: a batch norm behind an addition, as one rescaling a channel.
  void lower_norm(const Node& node) {
    const ValueId x = node.inputs[0];
    std::vector<double> multiplier = reals(node.inputs[1]);
    for (double& m : multiplier) m *= unit_of(x);
    add_source(node, {copied(x), {bounds_of(x)}, std::move(multiplier), reals(node.inputs[2])});
  }

  // sum * (unit / count)
  void lower_average(const Node& node) {
    const Average average = average_of(from_, node);
    const ValueId x = node.inputs[0];
    Bounds sum = stream_bounds_.at(x);
    if (average.has_padding()) sum = sum.with_zero();
    sum = {sum.low * average.count, sum.high * average.count};
    require_bits(sum, 32, "its sum");
    const bool is_global = node.op == Op::global_avg_pool;
    ValueId sums = to_.graph.add_node(Op::sum_pool, is_global ? node.name + ".sums" : node.name, {copied(x)},
                                      {{"kernel", average.kernel},
                                       {"strides", average.strides},
                                       {"pads", average.pads},
                                       {"dilations", average.dilations}});
    if (is_global) sums = to_.graph.add_node(Op::flatten, node.name, {sums});
    add_source(node, {sums, {sum}, {unit_of(x) / static_cast<double>(average.count)}, {0.0}});
  }

  void add_source(const Node& node, Source source) {
    const ValueId value = node.output;
    if (streams_.is_stream(value)) {
      const std::string name = node.name + ".stream";
      const Rescaling rescaling = rescale(source, unit_of(value), 0.0);
      copied_[value] =
          to_.graph.add_node(Op::fixed_rescale, name, operands(name, source.integers, rescaling));
      set_bounds(value, rescaling.bounds);
    }
    sources_[value] = std::move(source);
  }

  const Bounds& bounds_of(ValueId stream) const {
    const auto found = stream_bounds_.find(stream);
    if (found == stream_bounds_.end())
      fail(ErrorKind::unsupported, "it reads '{}', real numbers that no quantizer has made codes",
           from_.value(stream).name);
    return found->second;
  }

  // With the ends in units, and on whole numbers of them:
  //   max(x, low) = relu(x - low) + low        min(x, high) = high - relu(high - x)
  // A difference or sum with a constant t is a fixed_rescale: (2 x + 2 t) / 2.
  void lower_clip(const Node& node) {
    const Bounds x = bounds_of(node.inputs[0]);
    const auto in_units = [&](const char* key) {
      const double most = 0x1p32;  // beyond any stream
      return static_cast<int64_t>(
          std::nearbyint(std::clamp(node.real(key) / unit_of(node.output), -most, most)));
    };
    const int64_t low = std::max(in_units("low"), x.low), high = std::min(in_units("high"), x.high);
    const Bounds made{std::clamp(x.low, low, high), std::clamp(x.high, low, high)};
    ValueId y = copied(node.inputs[0]);
    const auto rectified = [&](const char* end, int sign, int64_t limit, const Bounds& distance) {
      require_bits(distance, stream_bits_, "the distance to its ends");
      const std::string stem = node.name + "." + end;
      const bool is_relu = sign > 0 && limit == 0;
      if (!is_relu) y = add_shift(stem + ".distance", y, sign, -sign * limit);
      y = to_.graph.add_node(Op::relu, stem, {y});
      if (!is_relu) y = add_shift(stem + ".clipped", y, sign, limit);
    };
    if (low > x.low) rectified("low", 1, low, {x.low - low, x.high - low});
    if (high < x.high) rectified("high", -1, high, {high - x.high, high - std::max(x.low, low)});
    copied_[node.output] = y;
    set_bounds(node.output, made);
  }

  // sign * x + term
  ValueId add_shift(const std::string& name, ValueId x, int sign, int64_t term) {
    return to_.graph.add_node(Op::fixed_rescale, name, operands(name, x, {{{2 * sign, 2 * term, 1}}, {}}));
  }

  void lower_stream(const Node& node) {
    if (node.op == Op::clip) return lower_clip(node);
    const auto bounds = [&](size_t i) { return bounds_of(node.inputs[i]); };
    Bounds made = bounds(0);
    if (node.op == Op::add) made = {made.low + bounds(1).low, made.high + bounds(1).high};
    if (node.op == Op::relu) made = {std::max<int64_t>(made.low, 0), std::max<int64_t>(made.high, 0)};
    if (node.op == Op::pad) made = made.with_zero();
    copy(node);
    set_bounds(node.output, made);
  }

  void lower_quantize(const Node& node) {
    const quant::Grid grid = graph::grid_of(node);
    const Attributes attributes{{"bits", int64_t{grid.bits}}, {"grid", std::string(name_of(grid.kind))}};
    const double step{grid.step}, offset = 0.5 * grid.twice_offset();
    if (streams_.is_direct(node)) {
      const std::vector<const Node*>& path = streams_.path(node);
      const Source& source = sources_.at(path.empty() ? node.inputs[0] : path.front()->inputs[0]);
      ValueId codes =
          to_.graph.add_node(Op::fixed_requantize, node.name,
                             operands(node.name, source.integers, rescale(source, step, offset)), attributes);
      for (const Node* between : path)
        if (between->op != Op::relu)
          codes = to_.graph.add_node(between->op, between->name, {codes}, between->attributes);
      copied_[node.output] = codes;
    } else if (streams_.is_stream(node.inputs[0])) {
      const Source source{
          copied(node.inputs[0]), {stream_bounds_.at(node.inputs[0])}, {unit_of(node.inputs[0])}, {0}};
      copied_[node.output] =
          to_.graph.add_node(Op::fixed_requantize, node.name,
                             operands(node.name, source.integers, rescale(source, step, offset)), attributes);
    } else {
      copy(node);
    }
  }

  struct Rescaling {
    std::vector<quant::FixedPoint> numbers;
    Bounds bounds;
  };

  // The real numbers of `source`, divided by `unit` and moved by `offset`.
  static Rescaling rescale(const Source& source, double unit, double offset) {
    Rescaling made{{}, {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}};
    for (size_t c = 0; c < source.multiplier.size(); ++c) {
      made.numbers.push_back(quant::to_fixed_point(source.multiplier[c] / unit,
                                                   source.bias[c] / unit + offset, quant::kNetworkLimits));
      const Bounds& x = source.bounds[source.bounds.size() == 1 ? 0 : c];
      for (const int64_t end : {x.low, x.high}) {
        const int64_t y = quant::rescale(static_cast<int32_t>(end), made.numbers.back());
        made.bounds = made.bounds.joined({y, y});
      }
    }
    return made;
  }

  // `x` and the numbers as parameters of the node `name`.
  std::vector<ValueId> operands(const std::string& name, ValueId x, const Rescaling& rescaling) {
    const auto count = static_cast<int64_t>(rescaling.numbers.size());
    Tensor multiplier = Tensor::zeros(DataType::i16, {count});
    Tensor bias = Tensor::zeros(DataType::i64, {count});
    Tensor shift = Tensor::zeros(DataType::u8, {count});
    for (size_t c = 0; c < rescaling.numbers.size(); ++c) {
      const quant::FixedPoint& fixed = rescaling.numbers[c];
      multiplier.as<int16_t>()[c] = static_cast<int16_t>(fixed.multiplier);
      bias.as<int64_t>()[c] = fixed.bias;
      shift.as<uint8_t>()[c] = static_cast<uint8_t>(fixed.shift);
    }
    return {x, add_parameter(name + ".m", std::move(multiplier)), add_parameter(name + ".b", std::move(bias)),
            add_parameter(name + ".shift", std::move(shift))};
  }

  // A real output: the rescale that made it, or one of what stands for it now.
  ValueId output_value(ValueId id) {
    const Node* node = from_.producer(id);
    if (!node || node->op == Op::normalize || node->op == Op::quantize || is_integer_layer(*node))
      return copied(id);
    if ((node->op == Op::rescale && !rescales_stream(from_, *node)) || node->op == Op::dequantize) {
      copy(*node);
      return copied_[id];
    }
    const bool is_stream = streams_.is_stream(id);
    const auto channels = static_cast<size_t>(from_.value(id).type.shape[1]);
    const Source source = is_stream ? Source{copied(id), {}, {unit_of(id)}, {0.0}} : sources_.at(id);
    const auto spread = [&](const std::vector<double>& numbers) {
      Tensor tensor = Tensor::zeros(DataType::f32, {from_.value(id).type.shape[1]});
      for (size_t c = 0; c < channels; ++c)
        tensor.as<float>()[c] = static_cast<float>(numbers[numbers.size() == 1 ? 0 : c]);
      return tensor;
    };
    const std::string name = node->name + ".real";
    return to_.graph.add_node(
        Op::rescale, name,
        {source.integers, add_parameter(name + ".multiplier", spread(source.multiplier)),
         add_parameter(name + ".bias", spread(source.bias))});
  }

  ValueId add_parameter(const std::string& name, Tensor tensor) {
    const ValueId id = to_.graph.add_parameter(name, {tensor.type, tensor.shape});
    to_.tensors[name] = std::move(tensor);
    return id;
  }

  void set_bounds(ValueId stream, const Bounds& bounds) {
    require_bits(bounds, stream_bits_, "its stream");
    stream_bounds_[stream] = bounds;
  }

  static void require_bits(const Bounds& bounds, int bits, std::string_view what) {
    const int64_t most = (int64_t{1} << (bits - 1)) - 1;
    if (bounds.size() > most)
      fail(ErrorKind::unsupported, "{} could reach {} to {}, beyond {} bits", what, bounds.low, bounds.high,
           bits);
  }

  double unit_of(ValueId stream) const { return std::ldexp(1.0, -streams_.fraction_bits(stream)); }

  std::vector<double> reals(ValueId constant) const {
    const auto floats = network_.tensors.at(from_.value(constant).name).as<float>();
    return {floats.begin(), floats.end()};
  }

  ValueId copied(ValueId id) const {
    const auto found = copied_.find(id);
    if (found == copied_.end())
      fail(ErrorKind::internal, "'{}' has no form in integers", from_.value(id).name);
    return found->second;
  }

  const Network& network_;
  const Graph& from_;
  const Streams streams_;
  const int stream_bits_;
  Network to_;
  std::map<ValueId, ValueId> copied_;  // constants, codes, accumulators, streams
  std::map<ValueId, Source> sources_;
  std::map<ValueId, Bounds> stream_bounds_;
};

}  // namespace

Network to_fixed(const Network& lowered, int stream_bits) {
  graph::verify(lowered);
  for (const Node& node : lowered.graph.nodes())
    if (node.op == Op::fixed_requantize || node.op == Op::fixed_rescale || node.op == Op::sum_pool)
      fail(ErrorKind::unsupported, "node '{}' ({}): the network is one of integers alone already", node.name,
           name_of(node.op));
  Network fixed = remove_unused(FixedLowering(lowered, stream_bits).run());
  graph::verify(fixed);
  return fixed;
}

}  // namespace pact::passes
