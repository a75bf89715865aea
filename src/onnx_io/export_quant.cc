// Every chain below yields Grid::value_of(code) bit by bit: integers up to 255 and their doubles are exact in
// float32, so the one rounding is that of the product with `unit`, which is last. Which grid a quantizer
// makes is decided in passes/lower/grids.h, for integer networks and files alike.
#include "onnx_io/export_quant.h"

#include <algorithm>

#include "base/error.h"
#include "graph/grids.h"
#include "passes/lower/grids.h"

namespace pact::onnx_io {
namespace {

using passes::WeightCodes;
using quant::Grid;
using quant::GridKind;

// The integers of a weight in the file: signed multiplicands, or codes with a zero point.
struct Integers {
  int type = onnx::TensorProto::INT8;
  int bits = 8;
  std::vector<int16_t> values;
  int zero = 0;
};

int type_of_bits(int bits, bool with_sign) {
  if (bits == 8) return with_sign ? onnx::TensorProto::INT8 : onnx::TensorProto::UINT8;
  if (bits == 4) return with_sign ? kInt4 : kUint4;
  return with_sign ? kInt2 : kUint2;
}

// Bits of the narrowest type that `storage` admits and that holds codes of `bits`.
int container_bits(Storage storage, int bits) {
  if (storage == Storage::packed_to_2_bits && bits <= 2) return 2;
  return storage != Storage::bytes && bits <= 4 ? 4 : 8;
}

std::string bytes_of(const Integers& integers, std::span<const int16_t> values) {
  std::string bytes;
  const int bits = integers.bits;
  for (size_t i = 0; i < values.size(); ++i) {
    const int low = values[i] & ((1 << bits) - 1);
    const size_t per_byte = static_cast<size_t>(8 / bits);
    if (i % per_byte == 0) bytes.push_back('\0');
    const int shift = static_cast<int>(i % per_byte) * bits;
    bytes.back() = static_cast<char>(static_cast<unsigned char>(bytes.back()) | low << shift);
  }
  return bytes;
}

graph::Shape steps_shape(const WeightCodes& weights, size_t rank) {
  if (weights.steps.empty()) return {};
  graph::Shape shape(rank, 1);
  shape[0] = weights.codes.shape[0];
  return shape;
}

// The unit of each output, or the only one.
std::vector<float> units_of(const WeightCodes& weights) {
  if (weights.steps.empty()) return {weights.grid.unit()};
  std::vector<float> units;
  for (size_t o = 0; o < weights.steps.size(); ++o) units.push_back(weights.grid_of(o).unit());
  return units;
}

// DequantizeLinear of `integers` with one scale, or one for each output.
std::string write_dequantize(const std::string& name, const WeightCodes& weights, const Integers& integers,
                             const std::vector<float>& scales, ModelWriter& writer) {
  const std::string stem = name.ends_with(".doubled") ? name.substr(0, name.size() - 8) : name;
  const std::string codes =
      writer.raw(stem + ".codes", integers.type, weights.codes.shape, bytes_of(integers, integers.values));
  const bool is_one = scales.size() == 1;
  const graph::Shape shape = is_one ? graph::Shape{} : graph::Shape{static_cast<int64_t>(scales.size())};
  const std::vector<int16_t> zeros(scales.size(), static_cast<int16_t>(integers.zero));
  const std::string scale = writer.floats(name + (is_one ? ".unit" : ".units"), shape, scales);
  const std::string zero = writer.raw(name + ".zero", integers.type, shape, bytes_of(integers, zeros));
  NodeWriter node = writer.node("DequantizeLinear", name, {codes, scale, zero});
  if (!is_one) node.integer("axis", 0);
  return node.output();
}

// value = multiplicand * unit is one DequantizeLinear where the multiplicands fit the type: grids with signed
// codes, odd ones of fewer bits than it has, unsigned ones by their zero point. The odd numbers of a grid of as many
// bits as the type has take one bit more; then the codes are stored, and 2 code - (2^k - 1) is computed by
// DequantizeLinear with scale 2 and Sub, before Mul with the unit.
std::string write_dequantized(const std::string& name, const WeightCodes& weights, Storage storage,
                              ModelWriter& writer) {
  const Grid& grid = weights.grid;
  Integers integers;
  integers.bits = container_bits(storage, grid.bits);
  const bool fits = grid.kind != GridKind::odd || grid.bits < integers.bits;
  const bool has_codes = !fits || grid.kind == GridKind::unsigned_;
  integers.type = type_of_bits(integers.bits, !has_codes);
  integers.zero = fits && has_codes ? grid.zero : 0;
  for (size_t i = 0; i < weights.codes.bytes.size(); ++i) {
    const int code = code_at(weights.codes, i);
    integers.values.push_back(static_cast<int16_t>(has_codes ? code : grid.multiplicand(code)));
  }
  const std::vector<float> units = units_of(weights);
  if (fits) return write_dequantize(name, weights, integers, units, writer);
  const std::string unit =
      writer.floats(name + ".unit", steps_shape(weights, weights.codes.shape.size()), units);
  const std::string ends = writer.scalar(name + ".twice_offset", static_cast<float>(grid.twice_offset()));
  const std::string doubled = write_dequantize(name + ".doubled", weights, integers, {2.0f}, writer);
  const std::string odd = writer.node("Sub", name + ".odd", {doubled, ends}).output();
  return writer.node("Mul", name, {odd, unit}).output();
}

// Scales are one number, or shaped to broadcast.
struct QuantNode {
  std::vector<float> scales;
  graph::Shape scales_shape;
  int bits;
  bool is_signed;
  bool is_narrow;
  int zero = 0;
};

std::string write_qonnx(const std::string& name, const std::string& x, const QuantNode& quant,
                        ModelWriter& writer) {
  const std::string scale = writer.floats(name + ".scale", quant.scales_shape, quant.scales);
  const std::string zero = writer.scalar(name + ".zeropt", static_cast<float>(quant.zero));
  const std::string bits = writer.scalar(name + ".bitwidth", static_cast<float>(quant.bits));
  return writer.node("Quant", name, {x, scale, zero, bits})
      .domain(kQonnxDomain)
      .integer("signed", quant.is_signed ? 1 : 0)
      .integer("narrow", quant.is_narrow ? 1 : 0)
      .word("rounding_mode", "ROUND")
      .output();
}

// QONNX keeps weights as the real numbers that they stand for. An odd grid is every other level of the narrow
// signed grid of one bit more; with 1 bit it is BipolarQuant. A grid with a zero point is a signed one, which
// cannot be narrow.
std::string write_qonnx_weight(const std::string& name, const WeightCodes& weights, ModelWriter& writer) {
  const Grid& grid = weights.grid;
  const graph::Tensor values = passes::values_of(weights);
  const std::string x = writer.floats(name + ".values", values.shape, values.as<float>());
  const std::vector<float> units = units_of(weights);
  const graph::Shape shape = steps_shape(weights, values.shape.size());
  if (grid.kind == GridKind::odd && grid.bits == 1) {
    const std::string scale = writer.floats(name + ".scale", shape, units);
    return writer.node("BipolarQuant", name, {x, scale}).domain(kQonnxDomain).output();
  }
  if (grid.kind == GridKind::unsigned_)
    return write_qonnx(
        name, x, {units, shape, grid.zero == 0 ? grid.bits : grid.bits + 1, grid.zero != 0, false}, writer);
  const int bits = grid.kind == GridKind::odd ? grid.bits + 1 : grid.bits;
  return write_qonnx(name, x, {units, shape, bits, true, grid.kind != GridKind::signed_}, writer);
}

std::string write_qonnx_activation(const std::string& name, const std::string& x, const Grid& grid,
                                   ModelWriter& writer) {
  const bool has_sign = has_signed_codes(grid.kind);
  const bool is_signed_whole = !has_sign && grid.zero == 1 << (grid.bits - 1);
  if (grid.zero % 2 != 0 && !is_signed_whole)
    fail(ErrorKind::unsupported, "QONNX rounds ties otherwise with the odd zero point {}", grid.zero);
  return write_qonnx(name, x,
                     {{grid.step},
                      {},
                      grid.bits,
                      has_sign || is_signed_whole,
                      grid.kind == GridKind::symmetric,
                      is_signed_whole ? 0 : grid.zero},
                     writer);
}

// QuantizeLinear is saturate(nearbyint(x / scale) + zero), so it clips at the ends of its type by itself.
std::string write_activation(const std::string& name, const std::string& x, const Grid& grid,
                             ModelWriter& writer) {
  const bool with_sign = has_signed_codes(grid.kind);
  const auto byte = [&](const char* part, int value) {
    return writer.raw(name + part, type_of_bits(8, with_sign), {}, std::string(1, static_cast<char>(value)));
  };
  const std::string step = writer.scalar(name + ".step", grid.step);
  const std::string zero = byte(".zero", grid.zero);
  std::string codes = writer.node("QuantizeLinear", name + ".quantized", {x, step, zero}).output();
  if (grid.bits < 8 || grid.kind == GridKind::symmetric) {
    const std::string least = grid.min_code() == grid.zero ? zero : byte(".least", grid.min_code());
    codes =
        writer.node("Clip", name + ".clipped", {codes, least, byte(".largest", grid.max_code())}).output();
  }
  return writer.node("DequantizeLinear", name, {codes, step, zero}).output();
}

}  // namespace

std::string write_quant(const graph::Network& network, const graph::Node& node, const ExportOptions& options,
                        ModelWriter& writer) {
  const graph::Value& x = network.graph.value(node.inputs[0]);
  if (passes::weight_quant(network, node.output)) {
    const WeightCodes weights = passes::weight_codes(network, node);
    return options.format == Format::qonnx ? write_qonnx_weight(node.name, weights, writer)
                                           : write_dequantized(node.name, weights, options.storage, writer);
  }
  if (node.op == graph::Op::dequantize)
    fail(ErrorKind::unsupported, "belongs to integer networks; export the trained one instead");
  const Grid grid = passes::activation_grid(network, node);
  if (grid.kind == GridKind::odd)
    fail(ErrorKind::unsupported, "activations on an odd grid have no ONNX form here");
  return options.format == Format::qonnx ? write_qonnx_activation(node.name, x.name, grid, writer)
                                         : write_activation(node.name, x.name, grid, writer);
}

}  // namespace pact::onnx_io
