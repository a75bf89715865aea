// Quantizers of activations in either format, and weights. Activations become `quant` nodes of scheme pact
// with the alpha that gives their step, or of scheme lsq with the step itself where no alpha does; weights
// become `dequantize` of their codes, which no choice of a grid can change any more.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "graph/grids.h"
#include "onnx_io/importer.h"
#include "quant/clip.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Op;
using graph::Tensor;
using graph::ValueId;
using graph::ValueKind;

// The alpha near step * levels for which alpha / levels is `step`, if there is one.
std::optional<float> alpha_of(float step, float levels) {
  const float product = step * levels;
  float alpha = std::nextafter(std::nextafter(product, 0.0f), 0.0f);
  for (int i = 0; i < 5; ++i, alpha = std::nextafter(alpha, INFINITY))
    if (alpha / levels == step) return alpha;
  return std::nullopt;
}

// The multiplicands of a constant that is integers times its units, one or one for each of the first axis; empty
// where they leave 9 bits.
std::vector<int16_t> multiplicands_of(const Tensor& tensor, const std::vector<float>& units) {
  if (tensor.type == DataType::i16) {
    const std::span<const int16_t> kept = tensor.as<int16_t>();
    return std::ranges::all_of(kept, [](int16_t each) { return std::abs(each) <= 255; })
               ? std::vector<int16_t>(kept.begin(), kept.end())
               : std::vector<int16_t>();
  }
  const std::span<const float> values = tensor.as<float>();
  std::vector<int16_t> result;
  result.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const float unit = units.size() == 1 ? units[0] : units[i / (values.size() / units.size())];
    const float quotient = std::nearbyint(values[i] / unit);
    if (!(std::abs(quotient) <= 255.0f) || quotient * unit != values[i]) return {};
    result.push_back(static_cast<int16_t>(quotient));
  }
  return result;
}

// The smallest grid that holds them: an odd one where all are odd, a signed one where a symmetric one takes a
// bit more, one with a zero point where they are not within int8; nothing where no grid does.
std::optional<quant::Grid> grid_of(const std::vector<int16_t>& multiplicands, float unit) {
  if (multiplicands.empty()) return std::nullopt;
  const auto [first, last] = std::ranges::minmax(multiplicands);
  const int least = first, largest = last, reach = std::max(std::abs(least), std::abs(largest));
  const bool is_odd = std::ranges::all_of(multiplicands, [](int16_t each) { return each % 2 != 0; });
  if (!is_odd && (least < -128 || largest > 127)) {
    if (std::max(largest, 0) - std::min(least, 0) > 255) return std::nullopt;
    return quant::Grid{quant::GridKind::unsigned_, 8, unit, -std::min(least, 0)};
  }
  quant::Grid grid{quant::GridKind::symmetric, 2, unit};
  if (is_odd) grid = {quant::GridKind::odd, 1, 2.0f * unit};
  while (grid.multiplicand(grid.max_code()) < reach) ++grid.bits;
  const quant::Grid smaller{quant::GridKind::signed_, grid.bits - 1, unit};
  const bool fits_smaller =
      !is_odd && smaller.bits >= 2 && least >= smaller.min_code() && largest <= smaller.max_code();
  return fits_smaller ? smaller : grid;
}

// The grid that `codes` clip to, its step left out.
quant::Grid grid_of(const Codes& codes) {
  const int levels = codes.high - codes.low + 1;
  quant::Grid grid{quant::GridKind::unsigned_, 1, codes.step};
  while (grid.bits < 8 && 1 << grid.bits < levels) ++grid.bits;
  if (1 << grid.bits == levels && codes.zero >= codes.low && codes.zero <= codes.high) {
    grid.zero = codes.zero - codes.low;
    return grid;
  }
  if ((1 << grid.bits) - 1 == levels && grid.bits > 1 && codes.zero - codes.low == codes.high - codes.zero) {
    grid.kind = quant::GridKind::symmetric;
    return grid;
  }
  fail(ErrorKind::unsupported,
       "codes from {} to {} with zero point {} are no grid: that takes 2^k codes around the zero point, or "
       "2^k - 1 "
       "with it in the middle",
       codes.low, codes.high, codes.zero);
}

}  // namespace

ValueId Importer::weight(const std::string& name) {
  const Known& entry = known(name);
  if (!entry.constant) fail(ErrorKind::unsupported, "its weight '{}' must be a constant", name);
  return weight(name, entry);
}

// A weight as a value of the graph.
ValueId Importer::weight(const std::string& name, const Known& entry) {
  const bool is_coded = entry.constant->type == DataType::i16;
  if (entry.constant->type != DataType::f32 && !is_coded)
    fail("its weight '{}' must hold real numbers", name);
  if (const auto found = sources_.find(name); found != sources_.end()) return found->second;
  const Units& units = entry.units;
  const bool fits = !units.each.empty() && entry.constant->count() > 0 &&
                    (units.each.size() == 1 || units.axis == 0) &&
                    std::ranges::all_of(units.each, [](float unit) { return unit >= quant::kMinStep; });
  const std::vector<int16_t> multiplicands =
      fits ? multiplicands_of(*entry.constant, units.each) : std::vector<int16_t>{};
  auto grid = grid_of(multiplicands, units.each.size() == 1 ? units.each[0] : 1.0f);
  if (!grid)
    return sources_[name] =
               add_tensor(ValueKind::parameter, name, is_coded ? values_of(entry) : *entry.constant);
  if (units.each.size() > 1) grid->step = 1.0f;  // each output has a step of its own
  quant::require_valid(*grid);
  const bool is_signed = has_signed_codes(grid->kind);
  Tensor codes = Tensor::zeros(is_signed ? DataType::i8 : DataType::u8, entry.constant->shape);
  for (size_t i = 0; i < multiplicands.size(); ++i)
    codes.bytes[i] = static_cast<std::byte>(grid->kind == quant::GridKind::odd
                                                ? (multiplicands[i] + grid->twice_offset()) / 2
                                                : multiplicands[i] + grid->zero);
  const std::string base = identifier_of(name);
  std::vector<ValueId> inputs{add_tensor(ValueKind::parameter, base + ".codes", std::move(codes))};
  if (units.each.size() > 1) {
    std::vector<float> steps = units.each;
    if (grid->kind == quant::GridKind::odd)
      for (float& step : steps) step *= 2.0f;
    inputs.push_back(add_tensor(ValueKind::parameter, base + ".steps",
                                Tensor::of({static_cast<int64_t>(steps.size())}, steps)));
  }
  return sources_[name] = network_.graph.add_node(Op::dequantize, fresh_name(base + ".dequantized"), inputs,
                                                  {{"bits", int64_t{grid->bits}},
                                                   {"grid", std::string(quant::name_of(grid->kind))},
                                                   {"step", static_cast<double>(grid->step)},
                                                   {"zero", int64_t{grid->zero}}});
}

Known Importer::quantized_activation(const NodeView& node, const Codes& codes) {
  const quant::Grid grid = grid_of(codes);
  quant::require_valid(grid);
  const std::optional<float> alpha = alpha_of(codes.step, static_cast<float>(grid.max_code()));
  const float learned = alpha.value_or(codes.step);
  const std::string name = name_of(node);
  const ValueId parameter =
      add_tensor(ValueKind::parameter, name + (alpha ? ".alpha" : ".step"), Tensor::of({}, {&learned, 1}));
  return {.value = network_.graph.add_node(Op::quant, name, {codes.x, parameter},
                                           {{"scheme", std::string(alpha ? "pact" : "lsq")},
                                            {"bits", int64_t{grid.bits}},
                                            {"grid", std::string(quant::name_of(grid.kind))},
                                            {"zero", int64_t{grid.zero}}})};
}

Known Importer::read_quantize(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  Codes codes{x, scalar(node.input(1)), 0, 0, 255};
  bool is_signed = false;
  int bits = 8;
  if (!node.input(2).empty()) {
    const Tensor& zero = constant(node.input(2));
    is_signed = zero.type == DataType::i8;
    if ((zero.type != DataType::u8 && !is_signed) || zero.count() != 1)
      fail(ErrorKind::unsupported, "its zero point '{}' must be one code of 8 bits or fewer", node.input(2));
    codes.zero = code_at(zero, 0);
    bits = known(node.input(2)).code_bits;
  } else if (const int64_t type = node.integer("output_dtype", onnx::TensorProto::UINT8);
             type != onnx::TensorProto::UINT8) {
    is_signed = type == onnx::TensorProto::INT8 || type == kInt4 || type == kInt2;
    bits = type == onnx::TensorProto::INT8 ? 8 : type == kInt4 || type == kUint4 ? 4 : 2;
    if (!is_signed && type != kUint4 && type != kUint2)
      fail(ErrorKind::unsupported, "codes of this type are not understood");
  }
  codes.low = is_signed ? -(1 << (bits - 1)) : 0;
  codes.high = codes.low + (1 << bits) - 1;
  return {.codes = codes};
}

Known Importer::clip_codes(Codes codes, const std::string& low, const std::string& high) const {
  const auto end = [&](const std::string& name, int otherwise) -> int {
    if (name.empty()) return otherwise;
    const Tensor& tensor = constant(name);
    if ((tensor.type != DataType::u8 && tensor.type != DataType::i8) || tensor.count() != 1)
      fail("'{}' must be one code", name);
    return code_at(tensor, 0);
  };
  codes.low = std::max(codes.low, end(low, codes.low));
  codes.high = std::min(codes.high, end(high, codes.high));
  if (codes.low >= codes.high) fail("codes are clipped to {} to {}", codes.low, codes.high);
  return {.codes = codes};
}

Known Importer::read_dequantize(const NodeView& node) {
  const Known& x = known(node.input(0));
  if (!x.codes)
    fail(ErrorKind::unsupported, "'{}' are neither constants nor of a QuantizeLinear", node.input(0));
  require_grid(*x.codes, node.input(1), node.input(2));
  return quantized_activation(node, *x.codes);
}

void Importer::require_grid(const Codes& codes, const std::string& scale, const std::string& zero) const {
  int own = 0;
  if (!zero.empty()) {
    const Tensor& point = constant(zero);
    if ((point.type != DataType::u8 && point.type != DataType::i8) || point.count() != 1)
      fail(ErrorKind::unsupported, "its zero point '{}' must be one code", zero);
    own = code_at(point, 0);
  }
  if (scalar(scale) != codes.step || own != codes.zero)
    fail(ErrorKind::unsupported, "its scale and zero point are not those that its codes were made with");
}

Known Importer::read_qonnx(const NodeView& node) {
  if (is_constant(node.input(0))) return fold_qonnx(node);
  const Codes codes = qonnx_codes(node, scalar(node.input(1)));
  return quantized_activation(node,
                              {activation(node.input(0)), codes.step, codes.zero, codes.low, codes.high});
}

// x >= 0 ? scale : -scale. The odd grid of 1 bit takes an exact 0 to the lower code, so with both signs
// turned:
//   -value(-x)
Known Importer::read_bipolar(const NodeView& node) {
  if (is_constant(node.input(0))) return fold_bipolar(node);
  const float step = scalar(node.input(1));
  if (!(step >= quant::kMinStep)) fail(ErrorKind::unsupported, "a scale of {} is not understood", step);
  const int64_t channels = shape(activation(node.input(0)))[1];
  charge(channels, 64);
  const std::vector<double> minus(static_cast<size_t>(channels), -1.0);
  const std::vector<double> none(minus.size(), 0.0);
  const std::string name = name_of(node);
  const ValueId x = materialize(node.input(0) + ".negated", read_affine(node.input(0), minus, none));
  const ValueId level = add_tensor(ValueKind::parameter, name + ".alpha", Tensor::of({}, {&step, 1}));
  const ValueId sign = network_.graph.add_node(Op::quant, fresh_name(name), {x, level},
                                               {{"scheme", std::string("pact")},
                                                {"bits", int64_t{1}},
                                                {"grid", std::string(quant::name_of(quant::GridKind::odd))}});
  return {.affine = Affine{sign, minus, none}};
}

}  // namespace pact::onnx_io
