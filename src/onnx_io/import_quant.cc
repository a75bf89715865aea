// Quantizers of either format. Activations become `quant` nodes of scheme pact with the alpha that gives
// their step; weights become `dequantize` of their codes, which no choice of a grid can change any more.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "onnx_io/importer.h"
#include "quant/clip.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Op;
using graph::Tensor;
using graph::ValueId;
using graph::ValueKind;

// The alpha near step * (2^bits - 1) whose clip_step is `step`; where none is, the product itself.
float alpha_of(float step, int bits) {
  const float product = step * static_cast<float>((1 << bits) - 1);
  float alpha = std::nextafter(std::nextafter(product, 0.0f), 0.0f);
  for (int i = 0; i < 5; ++i, alpha = std::nextafter(alpha, INFINITY))
    if (quant::clip_step(alpha, bits) == step) return alpha;
  return product;
}

// The multiplicands of a constant that is known to be integers times `unit`; empty where they leave 9 bits.
std::vector<int> multiplicands_of(const Tensor& tensor, float unit) {
  std::vector<int> result;
  for (const float value : tensor.as<float>()) {
    const float quotient = std::nearbyint(value / unit);
    if (!(std::abs(quotient) <= 255.0f) || quotient * unit != value) return {};
    result.push_back(static_cast<int>(quotient));
  }
  return result;
}

// The smallest grid that holds them: an odd one where all are odd.
quant::Grid grid_of(const std::vector<int>& multiplicands, float unit) {
  const bool is_odd = std::ranges::all_of(multiplicands, [](int each) { return each % 2 != 0; });
  int largest = 0;
  for (const int each : multiplicands) largest = std::max(largest, std::abs(each));
  quant::Grid grid{quant::GridKind::symmetric, 2, unit};
  if (is_odd) grid = {quant::GridKind::odd, 1, 2.0f * unit};
  while (grid.multiplicand(grid.max_code()) < largest) ++grid.bits;
  return grid;
}

template <typename Element>
void scale_elements(const Tensor& codes, float scale, int zero, Tensor& values) {
  const auto from = codes.as<Element>();
  std::ranges::transform(from, values.as<float>().begin(),
                         [&](Element code) { return static_cast<float>(code - zero) * scale; });
}

}  // namespace

// A weight as a value of the graph.
ValueId Importer::weight(const std::string& name) {
  const Known& entry = known(name);
  if (!entry.constant) fail(ErrorKind::unsupported, "its weight '{}' must be a constant", name);
  if (entry.unit == 0.0f) return add_source(ValueKind::parameter, name);
  if (const auto found = sources_.find(name); found != sources_.end()) return found->second;
  const std::vector<int> multiplicands = multiplicands_of(*entry.constant, entry.unit);
  if (multiplicands.empty()) fail(ErrorKind::unsupported, "its weight '{}' needs more than 8 bits", name);
  const quant::Grid grid = grid_of(multiplicands, entry.unit);
  quant::require_valid(grid);
  const bool is_odd = grid.kind == quant::GridKind::odd;
  Tensor codes = Tensor::zeros(is_odd ? DataType::u8 : DataType::i8, entry.constant->shape);
  for (size_t i = 0; i < multiplicands.size(); ++i)
    codes.bytes[i] =
        static_cast<std::byte>(is_odd ? (multiplicands[i] + grid.twice_offset()) / 2 : multiplicands[i]);
  const ValueId source = add_tensor(ValueKind::parameter, name + ".codes", std::move(codes));
  std::string wanted = network_.graph.value(source).name;
  wanted.replace(wanted.rfind(".codes"), std::string::npos, ".dequantized");
  return sources_[name] = network_.graph.add_node(Op::dequantize, fresh_name(wanted), {source},
                                                  {{"bits", int64_t{grid.bits}},
                                                   {"grid", std::string(quant::name_of(grid.kind))},
                                                   {"step", static_cast<double>(grid.step)}});
}

Known Importer::quantized_activation(const NodeView& node, const Codes& codes) {
  const float alpha = alpha_of(codes.step, codes.bits);
  quant::require_valid(quant::clip_grid(alpha, codes.bits));
  const std::string name = name_of(node);
  const ValueId level = add_tensor(ValueKind::parameter, name + ".alpha", Tensor::of({}, {&alpha, 1}));
  return {.value = network_.graph.add_node(Op::quant, name, {codes.x, level},
                                           {{"scheme", std::string("pact")},
                                            {"bits", int64_t{codes.bits}},
                                            {"grid", std::string("unsigned")}})};
}

Known Importer::read_quantize(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  const float step = scalar(node.input(1));
  const bool is_plain = node.input(2).empty() || (constant(node.input(2)).type == DataType::u8 &&
                                                  constant(node.input(2)).count() == 1 &&
                                                  constant(node.input(2)).as<uint8_t>()[0] == 0);
  if (!is_plain) fail(ErrorKind::unsupported, "activations are understood as uint8 with zero point 0");
  return {.codes = Codes{x, 8, step}};
}

Known Importer::clip_codes(Codes codes, const std::string& low, const std::string& high) {
  const auto byte = [&](const std::string& name, int otherwise) -> int {
    if (name.empty()) return otherwise;
    const Tensor& tensor = constant(name);
    if (tensor.type != DataType::u8 || tensor.count() != 1) fail("'{}' must be one uint8", name);
    return tensor.as<uint8_t>()[0];
  };
  const int largest = byte(high, 255);
  codes.bits = 1;
  while ((1 << codes.bits) - 1 < largest) ++codes.bits;
  if (byte(low, 0) != 0 || (1 << codes.bits) - 1 != largest)
    fail(ErrorKind::unsupported, "codes are clipped to 0 and 2^k - 1, not to other ends");
  return {.codes = codes};
}

Known Importer::read_dequantize(const NodeView& node) {
  const Known& x = known(node.input(0));
  if (x.codes) {
    if (scalar(node.input(1)) != x.codes->step)
      fail(ErrorKind::unsupported, "its scale is not that of the QuantizeLinear before it");
    return quantized_activation(node, *x.codes);
  }
  const Tensor& codes = constant(node.input(0));
  const float unit = scalar(node.input(1));
  int zero = 0;
  if (!node.input(2).empty()) {
    const Tensor& point = constant(node.input(2));
    if (point.type != codes.type || point.count() != 1)
      fail(ErrorKind::unsupported, "its zero point is not one code");
    zero = point.type == DataType::u8 ? std::to_integer<int>(point.bytes[0])
                                      : static_cast<int8_t>(std::to_integer<int>(point.bytes[0]));
  }
  Tensor values = Tensor::zeros(DataType::f32, codes.shape);
  if (codes.type == DataType::i8) {
    scale_elements<int8_t>(codes, unit, zero, values);
  } else if (codes.type == DataType::u8) {
    scale_elements<uint8_t>(codes, unit, zero, values);
  } else {
    fail(ErrorKind::unsupported, "codes of more than 8 bits are not understood");
  }
  return {.constant = std::move(values), .unit = unit};
}

// Sub and Mul of a constant with one number: how PACT writes odd grids whose odd numbers do not fit.
Known Importer::read_scaled(const NodeView& node) {
  const bool is_mul = node.op() == "Mul";
  Tensor values = constant(node.input(0));
  const float right = scalar(node.input(1));
  if (values.type != DataType::f32) fail(ErrorKind::unsupported, "only real constants are understood");
  for (float& value : values.as<float>()) value = is_mul ? value * right : value - right;
  const float unit = known(node.input(0)).unit == 0.0f ? 0.0f : (is_mul ? right : 1.0f);
  return {.constant = std::move(values), .unit = unit};
}

Known Importer::read_qonnx(const NodeView& node) {
  const float step = scalar(node.input(1));
  const double bits = static_cast<double>(scalar(node.input(3)));
  const bool is_signed = node.integer("signed", 1) != 0, is_narrow = node.integer("narrow", 0) != 0;
  if (scalar(node.input(2)) != 0.0f || node.word("rounding_mode", "ROUND") != "ROUND")
    fail(ErrorKind::unsupported, "only zero point 0 and rounding_mode ROUND are understood");
  if (!(bits >= 1 && bits <= 9) || bits != std::floor(bits) || !(step > 0.0f))
    fail(ErrorKind::unsupported, "a scale of {} or a bit width of {} is not understood", step, bits);
  const int width = static_cast<int>(bits);
  if (!is_constant(node.input(0))) {
    if (is_signed || is_narrow || width > 8)
      fail(ErrorKind::unsupported, "activations of up to 8 bits, neither signed nor narrow, are understood");
    return quantized_activation(node, {activation(node.input(0)), width, step});
  }
  const float high =
      static_cast<float>(is_signed ? (1 << (width - 1)) - 1 : (1 << width) - 1 - (is_narrow ? 1 : 0));
  const float low = is_signed ? -high - (is_narrow ? 0.0f : 1.0f) : 0.0f;
  Tensor values = constant(node.input(0));
  for (float& value : values.as<float>())
    value = std::clamp(quant::round_half_even(std::isnan(value) ? low : std::clamp(value / step, low, high)),
                       low, high) *
            step;
  return {.constant = std::move(values), .unit = step};
}

Known Importer::read_bipolar(const NodeView& node) {
  const float step = scalar(node.input(1));
  if (!(step > 0.0f)) fail(ErrorKind::unsupported, "a scale of {} is not understood", step);
  Tensor values = constant(node.input(0));
  for (float& value : values.as<float>()) value = value >= 0.0f ? step : -step;
  return {.constant = std::move(values), .unit = step};
}

}  // namespace pact::onnx_io
