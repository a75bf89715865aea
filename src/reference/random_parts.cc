// What random networks have besides layers: image, parameters, quantizers, pooling and moved elements.
#include "reference/random_parts.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "quant/requantize.h"

namespace pact::reference {

using graph::DataType;
using graph::Op;
using graph::Shape;
using graph::Tensor;
using graph::ValueId;
using quant::Grid;
using quant::GridKind;

int64_t RandomParts::between(int64_t low, int64_t high) {
  PACT_CHECK(low <= high);
  return low + static_cast<int64_t>(random_.below(static_cast<uint64_t>(high - low + 1)));
}

Grid RandomParts::random_grid(std::vector<GridKind> kinds, int least_bits) {
  const GridKind kind = kinds[random_.below(kinds.size())];
  const int least = std::max(least_bits, has_signed_codes(kind) ? 2 : 1);
  return {kind, static_cast<int>(between(least, quant::kMaxBits))};
}

Grid RandomParts::random_code_grid(int least_bits) {
  using enum GridKind;
  return random_grid({unsigned_, unsigned_, unsigned_, symmetric, signed_}, least_bits);
}

Grid RandomParts::random_weight_grid() {
  using enum GridKind;
  return random_grid({unsigned_, odd, symmetric, signed_}, 1);
}

graph::Network RandomParts::finish(ValueId output) {
  if (form_ == Form::fixed && chance(0.5)) {
    const Shape channels{shape_of(output)[1]};
    Tensor unit = Tensor::zeros(DataType::f32, channels);
    std::ranges::fill(unit.as<float>(), static_cast<float>(1 / kStreamScale));
    const ValueId multiplier = add_tensor("unit", std::move(unit));
    const ValueId bias = add_tensor("zero", Tensor::zeros(DataType::f32, channels));
    output = add(Op::rescale, "real", {output, multiplier, bias});
  }
  network_.graph.add_output(output);
  return std::move(network_);
}

ValueId RandomParts::add_image() {
  const int64_t channels = chance(0.5) ? 3 : between(1, 40);
  return network_.graph.add_input(
      "image", {DataType::u8, {graph::kBatch, channels, 2 * between(0, 9) + 1, 2 * between(0, 9) + 1}});
}

ValueId RandomParts::add(Op op, const std::string& stem, std::vector<ValueId> inputs,
                         graph::Attributes attributes) {
  return network_.graph.add_node(op, fmt::format("{}{}", stem, nodes_++), std::move(inputs),
                                 std::move(attributes));
}

ValueId RandomParts::add_reals(const std::string& name, Shape shape, double mean, double deviation) {
  const std::string full = fmt::format("{}{}", name, nodes_);
  Tensor tensor = Tensor::zeros(DataType::f32, shape);
  for (float& x : tensor.as<float>()) x = static_cast<float>(mean + deviation * random_.normal());
  network_.tensors[full] = std::move(tensor);
  return network_.graph.add_parameter(full, {DataType::f32, std::move(shape)});
}

ValueId RandomParts::add_weight_codes(const std::string& name, Shape shape, const Grid& grid) {
  const std::string full = fmt::format("{}{}.weight", name, nodes_);
  const DataType type = has_signed_codes(grid.kind) ? DataType::i8 : DataType::u8;
  Tensor tensor = Tensor::zeros(type, shape);
  const uint64_t kind = random_.below(10);
  for (std::byte& byte : tensor.bytes) {
    const int64_t extreme = chance(0.5) ? grid.min_code() : grid.max_code();
    byte = static_cast<std::byte>(kind == 0   ? grid.min_code()
                                  : kind == 1 ? grid.max_code()
                                  : kind == 2 ? extreme
                                              : between(grid.min_code(), grid.max_code()));
  }
  network_.tensors[full] = std::move(tensor);
  return network_.graph.add_parameter(full, {type, std::move(shape)});
}

float RandomParts::random_step(double size, int most_code) {
  const auto step = static_cast<float>(size * random_.uniform(0.3, 4) / most_code);
  return chance(0.4) ? std::exp2(std::round(std::log2(step))) : step;
}

ValueId RandomParts::add_tensor(const std::string& name, Tensor tensor) {
  const ValueId id = network_.graph.add_parameter(name, {tensor.type, tensor.shape});
  network_.tensors[name] = std::move(tensor);
  return id;
}

Grid RandomParts::grid_of_codes(ValueId codes) const {
  const graph::Node* node = network_.graph.producer(codes);
  while (node && !node->attributes.contains("grid")) node = network_.graph.producer(node->inputs[0]);
  if (!node) return {};  // the image
  return {quant::grid_kind_of(node->word("grid")), static_cast<int>(node->integer("bits"))};
}

ValueId RandomParts::add_fixed(Op op, ValueId x, const std::vector<double>& multiplier,
                               const std::vector<double>& bias, graph::Attributes attributes) {
  const auto count = static_cast<int64_t>(multiplier.size());
  Tensor m = Tensor::zeros(DataType::i16, {count}), b = Tensor::zeros(DataType::i64, {count});
  Tensor shift = Tensor::zeros(DataType::u8, {count});
  for (size_t c = 0; c < multiplier.size(); ++c) {
    const quant::FixedPoint fixed = quant::to_fixed_point(multiplier[c], bias[c], quant::kNetworkLimits);
    m.as<int16_t>()[c] = static_cast<int16_t>(fixed.multiplier);
    b.as<int64_t>()[c] = fixed.bias;
    shift.as<uint8_t>()[c] = static_cast<uint8_t>(fixed.shift);
  }
  const std::string stem = fmt::format("numbers{}", nodes_);
  return add(op, op == Op::fixed_rescale ? "stream" : "codes",
             {x, add_tensor(stem + ".m", std::move(m)), add_tensor(stem + ".b", std::move(b)),
              add_tensor(stem + ".shift", std::move(shift))},
             std::move(attributes));
}

ValueId RandomParts::quantize(ValueId real, int least_bits) {
  const Grid grid = random_code_grid(least_bits);
  const double step{random_step(1.0, grid.max_code())};
  if (form_ == Form::fixed) {
    const size_t count = chance(0.3) ? static_cast<size_t>(shape_of(real)[1]) : 1;
    return add_fixed(Op::fixed_requantize, real, std::vector<double>(count, 1 / (step * kStreamScale)),
                     std::vector<double>(count, chance(0.2) ? random_.normal() : 0.0),
                     {{"grid", std::string(name_of(grid.kind))}, {"bits", int64_t{grid.bits}}});
  }
  const bool has_zero = grid.kind == GridKind::unsigned_ && random_.uniform() < 0.2;
  return add(Op::quantize, "codes", {real},
             {{"grid", std::string(name_of(grid.kind))},
              {"bits", int64_t{grid.bits}},
              {"step", step},
              {"zero", has_zero ? between(1, grid.max_code()) : 0}});
}

ValueId RandomParts::clip(ValueId real) {
  const double low = -0.25 * static_cast<double>(between(0, 4));
  return add(Op::clip, "clip", {real},
             {{"low", low}, {"high", low + 0.5 * static_cast<double>(between(0, 5))}});
}

ValueId RandomParts::rescale(ValueId real) {
  const Shape channels{shape_of(real)[1]};
  return add(Op::rescale, "scaled",
             {real, add_reals("factor", channels, 1, 0.5), add_reals("term", channels, 0, 0.5)});
}

ValueId RandomParts::dequantize(ValueId codes) {
  if (form_ == Form::fixed) {
    const double step{random_step(1.0, grid_of_codes(codes).max_code())};
    return add_fixed(Op::fixed_rescale, codes, {step * kStreamScale}, {0.0});
  }
  return add(Op::dequantize, "real", {codes}, network_.graph.producer(codes)->attributes);
}

ValueId RandomParts::batch_norm(ValueId real) {
  const Shape channels{shape_of(real)[1]};
  std::vector<ValueId> inputs{real, add_reals("gamma", channels, 1, 0.3),
                              add_reals("beta", channels, 0, 0.5)};
  for (const char* name : {"mean", "variance"}) {
    const std::string full = fmt::format("{}{}", name, nodes_);
    Tensor tensor = Tensor::zeros(DataType::f32, channels);
    for (float& x : tensor.as<float>()) x = static_cast<float>(random_.uniform(0.1, 2));
    network_.tensors[full] = std::move(tensor);
    inputs.push_back(network_.graph.add_buffer(full, {DataType::f32, channels}));
  }
  return add(Op::batch_norm, "norm", std::move(inputs));
}

// Sums of streams are brought back to the unit of the stream.
ValueId RandomParts::average_pool(ValueId real) {
  if (form_ == Form::real) return pool(Op::avg_pool, real);
  const ValueId sums = pool(Op::sum_pool, real);
  const std::vector<int64_t>& kernel = network_.graph.producer(sums)->integers("kernel");
  return add_fixed(Op::fixed_rescale, sums, {1.0 / static_cast<double>(kernel[0] * kernel[1])}, {0.0});
}

ValueId RandomParts::global_average(ValueId real) {
  if (form_ == Form::real) return add(Op::global_avg_pool, "pool", {real});
  const Shape& x = shape_of(real);
  const double count = static_cast<double>(x[2] * x[3]);
  const ValueId sums = add(Op::sum_pool, "sums", {real}, {{"kernel", std::vector<int64_t>{x[2], x[3]}}});
  return add_fixed(Op::fixed_rescale, add(Op::flatten, "pool", {sums}), {1.0 / count}, {0.0});
}

ValueId RandomParts::pool(Op op, ValueId real) {
  const Shape& x = shape_of(real);
  const int64_t most_dilation = chance(0.3) ? 3 : 1;
  std::vector<int64_t> kernel, strides, pads(4), dilations;
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t extent = x[axis + 2];
    kernel.push_back(between(1, std::min<int64_t>(4, extent)));
    strides.push_back(between(1, 3));
    const int64_t gaps = kernel[axis] - 1;
    dilations.push_back(between(1, gaps == 0 ? 1 : std::min(most_dilation, (extent - 1) / gaps)));
    const int64_t most_pad = std::min<int64_t>(most_dilation > 1 ? 4 : 2, gaps * dilations[axis]);
    pads[axis] = between(0, most_pad);
    pads[axis + 2] = between(0, most_pad);
  }
  graph::Attributes attributes{
      {"kernel", kernel}, {"strides", strides}, {"pads", pads}, {"dilations", dilations}};
  if (op == Op::avg_pool) attributes["count_include_pad"] = between(0, 1);
  return add(op, op == Op::max_pool ? "max" : "avg", {real}, std::move(attributes));
}

ValueId RandomParts::slice(ValueId real) {
  std::vector<int64_t> begin, end, step;
  for (size_t axis = 1; axis < 4; ++axis) {
    const int64_t extent = shape_of(real)[axis];
    begin.push_back(between(0, std::min<int64_t>(2, extent - 1)));
    end.push_back(between(std::max(begin.back() + 1, extent - 2), extent + 1));
    step.push_back(axis > 1 && chance(0.5) ? 2 : 1);
  }
  return add(Op::slice, "slice", {real}, {{"begin", begin}, {"end", end}, {"step", step}});
}

ValueId RandomParts::pad(ValueId real) {
  std::vector<int64_t> before, after;
  for (size_t axis = 1; axis < 4; ++axis) {
    const int64_t room = axis == 1 ? 4 : std::max<int64_t>(0, kMostExtent - shape_of(real)[axis]);
    before.push_back(between(0, std::min<int64_t>(2, room / 2)));
    after.push_back(between(0, std::min<int64_t>(2, room / 2)));
  }
  return add(Op::pad, "pad", {real}, {{"before", before}, {"after", after}});
}

}  // namespace pact::reference
