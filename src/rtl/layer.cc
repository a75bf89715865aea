#include "rtl/layer.h"

#include <algorithm>

#include "base/error.h"
#include "graph/grids.h"
#include "graph/layers.h"

namespace pact::rtl {

using graph::DataType;
using graph::Graph;
using graph::Node;
using graph::Op;
using graph::Shape;
using graph::Tensor;

namespace {

size_t at(int64_t index) { return static_cast<size_t>(index); }

struct Codes {
  int bits = 8;
  int shift = 0;  // what is added to a code to make it unsigned
};

// From the node that made the codes; pools, slices and the like hand them on.
Codes codes_of(const Graph& graph, graph::ValueId value) {
  const Node* node = graph.producer(value);
  const bool is_signed = graph.value(value).type.dtype == DataType::i8;
  if (!node) return {8, is_signed ? 128 : 0};
  switch (node->op) {
    case Op::quantize:
    case Op::fixed_requantize: {
      const int bits = static_cast<int>(node->integer("bits"));
      return {bits, is_signed ? 1 << (bits - 1) : 0};
    }
    case Op::max_pool:
    case Op::flatten:
    case Op::slice:
    case Op::pad:
      return codes_of(graph, node->inputs[0]);
    default:
      fail(ErrorKind::unsupported, "node '{}': an array takes codes from a quantizer, not from {}",
           node->name, name_of(node->op));
  }
}

// The window of a layer; a linear one is a convolution of 1 x 1 images.
struct Window {
  Shape x, weight, y;
  std::vector<int64_t> strides{1, 1}, pads{0, 0, 0, 0}, dilations{1, 1}, zero{};
  int64_t groups = 1;
};

Window window_of(const Graph& graph, const Node& node, const Tensor& x, const Tensor& weight) {
  Window w{.x = x.shape, .weight = weight.shape, .y = graph.value(node.output).type.shape};
  if (w.y[0] == graph::kBatch) w.y[0] = x.shape[0];
  for (Shape* shape : {&w.x, &w.weight, &w.y}) shape->resize(4, 1);
  if (node.op == Op::integer_conv2d) {
    w.strides = node.integers("strides");
    w.pads = node.integers("pads");
    w.dilations = node.integers("dilations");
    w.groups = node.integer("groups");
    w.zero = node.integers("input_zero");
  }
  w.zero.resize(at(w.x[1]), 0);
  return w;
}

// [positions][taps] of one group, unsigned codes; what lies outside the image has the code of zero.
std::vector<uint8_t> gather(const Window& w, const Tensor& x, int64_t group, int shift) {
  std::vector<uint8_t> out;
  out.reserve(at(w.y[0] * w.y[2] * w.y[3] * w.weight[1] * w.weight[2] * w.weight[3]));
  const int64_t first = group * w.weight[1];
  for (int64_t n = 0; n < w.y[0]; ++n)
    for (int64_t row = 0; row < w.y[2]; ++row)
      for (int64_t column = 0; column < w.y[3]; ++column)
        for (int64_t c = first; c < first + w.weight[1]; ++c)
          for (int64_t i = 0; i < w.weight[2]; ++i)
            for (int64_t j = 0; j < w.weight[3]; ++j) {
              const int64_t y_at = row * w.strides[0] - w.pads[0] + i * w.dilations[0];
              const int64_t x_at = column * w.strides[1] - w.pads[1] + j * w.dilations[1];
              const bool is_inside = y_at >= 0 && y_at < w.x[2] && x_at >= 0 && x_at < w.x[3];
              const int64_t code =
                  is_inside ? graph::code_at(x, at(((n * w.x[1] + c) * w.x[2] + y_at) * w.x[3] + x_at))
                            : w.zero[at(c)];
              out.push_back(static_cast<uint8_t>(code + shift));
            }
  return out;
}

}  // namespace

LayerForm form_of(const Graph& graph, const Node& node) {
  LayerForm form;
  form.activation_bits = codes_of(graph, node.inputs[0]).bits;
  form.weight_grid = graph::weight_grid_of(node);
  const Shape& weight = graph.value(node.inputs[1]).type.shape;
  form.terms = graph::element_count({weight.begin() + 1, weight.end()});
  return form;
}

int accumulator_bits(const LayerForm& form) {
  const int bits = exact_accumulator_bits(form.activation_bits, form.weight_grid.bits, form.terms);
  return std::min(32, form.weight_grid.kind == quant::GridKind::unsigned_ ? bits + 1 : bits);
}

// An output is the sum of m(q) (x - zero). The array adds up q X with X = x + shift, and starts from the sum
// of -q (zero + shift), so that all that is left to correct is m(q) = (1 or 2) q - offset.
LayerSums run_layer(Simulation& simulation, const Graph& graph, const Node& node, const Tensor& x,
                    const Tensor& weight) {
  const Window w = window_of(graph, node, x, weight);
  const int shift = codes_of(graph, node.inputs[0]).shift;
  const quant::Grid grid = graph::weight_grid_of(node);
  const int weight_shift =
      -grid.min_code() + (grid.kind == quant::GridKind::symmetric ? 1 : 0);  // 2^(k-1) or 0
  const int64_t taps = w.weight[1] * w.weight[2] * w.weight[3], outputs = w.weight[0] / w.groups;

  LayerSums sums{
      .rows = w.y[0] * w.y[2] * w.y[3], .outputs = w.weight[0], .groups = w.groups, .weight_grid = grid};
  sums.raw.resize(at(sums.rows * sums.outputs));
  sums.macs = sums.rows * sums.outputs * taps;
  for (int64_t group = 0; group < w.groups; ++group) {
    std::vector<int64_t> zero;
    for (int64_t k = 0; k < taps; ++k)
      zero.push_back(w.zero[at(group * w.weight[1] + k / (w.weight[2] * w.weight[3]))] + shift);
    std::vector<uint8_t> codes(at(taps * outputs));
    std::vector<int32_t> start(at(outputs), 0);
    int64_t sum_start = 0;
    for (int64_t k = 0; k < taps; ++k) {
      sum_start -= zero[at(k)];
      for (int64_t o = 0; o < outputs; ++o) {
        const int code = graph::code_at(weight, at((group * outputs + o) * taps + k)) + weight_shift;
        codes[at(k * outputs + o)] = static_cast<uint8_t>(code);
        start[at(o)] -= static_cast<int32_t>(code * zero[at(k)]);
      }
    }
    const std::vector<uint8_t> activations = gather(w, x, group, shift);
    Sums part = simulation.multiply(
        {sums.rows, taps, outputs, activations, codes, start, static_cast<int32_t>(sum_start)});
    for (int64_t row = 0; row < sums.rows; ++row)
      std::copy_n(&part.raw[at(row * outputs)], outputs, &sums.raw[at(row * sums.outputs + group * outputs)]);
    sums.sum.push_back(std::move(part.sum));
    sums.folds += part.folds;
    sums.cycles += part.cycles;
    sums.model_cycles += compute_cycles(simulation.design(), part.folds, sums.rows);
  }
  return sums;
}

ChannelNumbers unchanged() { return {{2}, {0}, {1}}; }

namespace {

// Channels [first, first + count) of numbers that may be one set for all.
ChannelNumbers channels(const ChannelNumbers& numbers, int64_t first, int64_t count) {
  ChannelNumbers out{{}, {}, {}, numbers.low, numbers.high};
  for (int64_t c = first; c < first + count; ++c) {
    const size_t from = numbers.multiplier.size() == 1 ? 0 : at(c);
    out.multiplier.push_back(numbers.multiplier.at(from));
    out.bias.push_back(numbers.bias.at(from));
    out.shift.push_back(numbers.shift.at(from));
  }
  return out;
}

Requantization work_of(const ChannelNumbers& numbers) {
  return {.channels = static_cast<int64_t>(numbers.multiplier.size()),
          .x = {},
          .sum = {},
          .multiplier = numbers.multiplier,
          .bias = numbers.bias,
          .shift = numbers.shift,
          .addend = {},
          .low = numbers.low,
          .high = numbers.high};
}

}  // namespace

std::vector<int32_t> requantize(Simulation& simulation, const LayerSums& sums,
                                const ChannelNumbers& numbers) {
  const quant::Grid& grid = sums.weight_grid;
  const int64_t outputs = sums.outputs / sums.groups;
  std::vector<int32_t> out(sums.raw.size());
  for (int64_t group = 0; group < sums.groups; ++group) {
    const ChannelNumbers own = channels(numbers, group * outputs, outputs);
    std::vector<uint32_t> raw(at(sums.rows * outputs));
    for (int64_t row = 0; row < sums.rows; ++row)
      std::copy_n(&sums.raw[at(row * sums.outputs + group * outputs)], outputs, &raw[at(row * outputs)]);
    Requantization work = work_of(own);
    work.x = raw;
    work.sum = sums.sum[at(group)];
    work.doubled = grid.kind == quant::GridKind::odd ? 1 : 0;
    work.offset = has_signed_codes(grid.kind) ? 1 << (grid.bits - 1) : grid.twice_offset();
    const std::vector<int32_t> part = simulation.requantize(work);
    for (int64_t row = 0; row < sums.rows; ++row)
      std::copy_n(&part[at(row * outputs)], outputs, &out[at(row * sums.outputs + group * outputs)]);
  }
  return out;
}

std::vector<int32_t> requantize(Simulation& simulation, int64_t count, std::span<const int32_t> x,
                                std::span<const int32_t> addend, const ChannelNumbers& numbers) {
  const ChannelNumbers own = channels(numbers, 0, count);
  const std::vector<uint32_t> words(x.begin(), x.end());
  Requantization work = work_of(own);
  work.x = words;
  work.addend = addend;
  return simulation.requantize(work);
}

namespace {

// Calls visit(index in the tensor, index in rows) for every element.
template <typename Visit>
void for_elements(const Shape& shape, Visit visit) {
  const int64_t images = shape[0], channels = shape[1];
  const int64_t area = graph::element_count(shape) / std::max<int64_t>(1, images * channels);
  for (int64_t n = 0; n < images; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < area; ++p)
        visit(at((n * channels + c) * area + p), at((n * area + p) * channels + c));
}

}  // namespace

std::vector<int32_t> rows_of(const Tensor& tensor) {
  std::vector<int32_t> rows(at(tensor.count()));
  for_elements(tensor.shape, [&](size_t from, size_t to) {
    rows[to] = tensor.type == DataType::i32 ? tensor.as<int32_t>()[from] : graph::code_at(tensor, from);
  });
  return rows;
}

Tensor tensor_of(const graph::TensorType& type, std::span<const int32_t> rows) {
  Tensor tensor = Tensor::zeros(type.dtype, type.shape);
  for_elements(type.shape, [&](size_t to, size_t from) {
    switch (type.dtype) {
      case DataType::i32:
        tensor.as<int32_t>()[to] = rows[from];
        return;
      case DataType::u8:
        tensor.as<uint8_t>()[to] = static_cast<uint8_t>(rows[from]);
        return;
      case DataType::i8:
        tensor.as<int8_t>()[to] = static_cast<int8_t>(rows[from]);
        return;
      default:
        fail(ErrorKind::internal, "a requantize unit yields integers, not {}", name_of(type.dtype));
    }
  });
  return tensor;
}

}  // namespace pact::rtl
