// Every chain below yields Grid::value_of(code) bit by bit: integers up to 255 and their doubles are exact in
// float32, so the one rounding is that of the product with `unit`, which is last.
#include "onnx_io/export_quant.h"

#include <algorithm>

#include "base/error.h"
#include "graph/grids.h"
#include "quant/clip.h"
#include "quant/pack.h"
#include "quant/weights.h"

namespace pact::onnx_io {
namespace {

using quant::Grid;
using quant::GridKind;

struct Weights {
  Grid grid;
  graph::Shape shape;
  std::vector<int16_t> codes;
};

Weights quantized(const graph::Tensor& tensor, const graph::Node& node) {
  if (node.op == graph::Op::dequantize) {
    const Grid grid = graph::grid_of(node);
    Weights weights{grid, tensor.shape, {}};
    for (size_t i = 0; i < tensor.bytes.size(); ++i) {
      weights.codes.push_back(static_cast<int16_t>(graph::code_at(tensor, i)));
      if (weights.codes.back() < grid.min_code() || weights.codes.back() > grid.max_code())
        fail("it has the code {}, which is not of its grid", weights.codes.back());
    }
    return weights;
  }
  const quant::WeightScheme scheme = quant::weight_scheme_of(node.word("scheme"));
  const std::span<const float> values = tensor.as<float>();
  const quant::WeightGrid grid = quant::choose_weight_grid(scheme, static_cast<int>(node.integer("bits")), values);
  Weights weights{grid.grid, tensor.shape, std::vector<int16_t>(values.size())};
  quant::quantize_weights(grid, values, weights.codes);
  return weights;
}

Grid activation_grid(const graph::Network& network, const graph::Node& node) {
  if (quant::grid_kind_of(node.word("grid")) != GridKind::unsigned_)
    fail(ErrorKind::unsupported, "activations on a grid of kind '{}' have no ONNX form here",
         node.word("grid"));
  float alpha = 1.0f;
  if (node.inputs.size() > 1) {
    const std::string& name = network.graph.value(node.inputs[1]).name;
    const auto found = network.tensors.find(name);
    if (found == network.tensors.end()) fail("its alpha '{}' is not a tensor of the network", name);
    alpha = found->second.as<float>()[0];
  } else if (node.word("scheme") != "dorefa") {
    fail(ErrorKind::unsupported, "the clip level of scheme '{}' is not known here", node.word("scheme"));
  }
  const Grid grid = quant::clip_grid(alpha, static_cast<int>(node.integer("bits")));
  quant::require_valid(grid);
  return grid;
}

template <typename Element>
std::string bytes_of(const std::vector<int16_t>& integers) {
  std::string bytes;
  for (const int16_t integer : integers) bytes.push_back(static_cast<char>(static_cast<Element>(integer)));
  return bytes;
}

// ONNX's INT4 and UINT4 are the packing of the number format.
std::string nibbles_of(const std::vector<int16_t>& integers, GridKind kind) {
  const std::vector<uint8_t> bytes = quant::pack({.kind = kind, .bits = 4}, integers);
  return {bytes.begin(), bytes.end()};
}

std::vector<int16_t> multiplicands_of(const Weights& weights) {
  std::vector<int16_t> result;
  for (const int16_t code : weights.codes)
    result.push_back(static_cast<int16_t>(weights.grid.multiplicand(code)));
  return result;
}

// Signed multiplicands, where they fit the container: value = multiplicand * unit is one DequantizeLinear. An
// odd grid of as many bits as the container has does not fit, since its odd numbers take one bit more; then
// the codes are stored, and 2 code - (2^k - 1) is computed by DequantizeLinear with scale 2 and Sub, before
// Mul with unit.
std::string write_dequantized(const std::string& name, const Weights& weights, Storage storage,
                              ModelWriter& writer) {
  const Grid& grid = weights.grid;
  const bool is_nibble = storage == Storage::packed && grid.bits <= 4;
  const bool fits = grid.kind != GridKind::odd || grid.bits < (is_nibble ? 4 : 8);
  const std::vector<int16_t> integers = fits ? multiplicands_of(weights) : weights.codes;
  int type = is_nibble ? kUint4 : onnx::TensorProto::UINT8;
  if (fits) type = is_nibble ? kInt4 : onnx::TensorProto::INT8;
  const std::string codes = writer.raw(
      name + ".codes", type, weights.shape,
      is_nibble ? nibbles_of(integers, fits ? GridKind::symmetric : GridKind::unsigned_) : (fits ? bytes_of<int8_t>(integers) : bytes_of<uint8_t>(integers)));
  const std::string zero = writer.raw(name + ".zero", type, {}, std::string(1, '\0'));
  const std::string unit = writer.scalar(name + ".unit", grid.unit());
  if (fits) return writer.node("DequantizeLinear", name, {codes, unit, zero}).output();
  const std::string two = writer.scalar(name + ".two", 2.0f);
  const std::string ends = writer.scalar(name + ".twice_offset", static_cast<float>(grid.twice_offset()));
  const std::string doubled = writer.node("DequantizeLinear", name + ".doubled", {codes, two, zero}).output();
  const std::string odd = writer.node("Sub", name + ".odd", {doubled, ends}).output();
  return writer.node("Mul", name, {odd, unit}).output();
}

struct QuantNode {
  float scale;
  int bits;
  bool is_signed;
  bool is_narrow;
};

std::string write_qonnx(const std::string& name, const std::string& x, const QuantNode& quant,
                        ModelWriter& writer) {
  const std::string scale = writer.scalar(name + ".scale", quant.scale);
  const std::string zero = writer.scalar(name + ".zeropt", 0.0f);
  const std::string bits = writer.scalar(name + ".bitwidth", static_cast<float>(quant.bits));
  return writer.node("Quant", name, {x, scale, zero, bits})
      .domain(kQonnxDomain)
      .integer("signed", quant.is_signed ? 1 : 0)
      .integer("narrow", quant.is_narrow ? 1 : 0)
      .word("rounding_mode", "ROUND")
      .output();
}

// QONNX keeps weights as the real numbers that they stand for. An odd grid is every other level of the narrow
// signed grid of one bit more; with 1 bit it is BipolarQuant.
std::string write_qonnx_weight(const std::string& name, const Weights& weights, ModelWriter& writer) {
  const Grid& grid = weights.grid;
  std::vector<float> values;
  for (const int16_t code : weights.codes) values.push_back(grid.value_of(code));
  const std::string x = writer.floats(name + ".values", weights.shape, values);
  if (grid.kind == GridKind::odd && grid.bits == 1) {
    const std::string scale = writer.scalar(name + ".scale", grid.unit());
    return writer.node("BipolarQuant", name, {x, scale}).domain(kQonnxDomain).output();
  }
  const int bits = grid.kind == GridKind::odd ? grid.bits + 1 : grid.bits;
  return write_qonnx(name, x, {grid.unit(), bits, true, true}, writer);
}

// QuantizeLinear is saturate(nearbyint(x / scale)), so it clips at 0 by itself, and with 8 bits at 255 too.
std::string write_activation(const std::string& name, const std::string& x, const Grid& grid,
                             ModelWriter& writer) {
  const auto byte = [&](const char* part, int value) {
    return writer.raw(name + part, onnx::TensorProto::UINT8, {}, std::string(1, static_cast<char>(value)));
  };
  const std::string step = writer.scalar(name + ".step", grid.step);
  const std::string zero = byte(".zero", 0);
  std::string codes = writer.node("QuantizeLinear", name + ".quantized", {x, step, zero}).output();
  if (grid.bits < 8)
    codes = writer.node("Clip", name + ".clipped", {codes, zero, byte(".largest", grid.max_code())}).output();
  return writer.node("DequantizeLinear", name, {codes, step, zero}).output();
}

}  // namespace

std::string write_quant(const graph::Network& network, const graph::Node& node, const ExportOptions& options,
                        ModelWriter& writer) {
  const graph::Value& x = network.graph.value(node.inputs[0]);
  const bool is_weight = x.kind == graph::ValueKind::parameter || x.kind == graph::ValueKind::buffer;
  if (is_weight) {
    const Weights weights = quantized(network.tensors.at(x.name), node);
    return options.format == Format::qonnx ? write_qonnx_weight(node.name, weights, writer)
                                           : write_dequantized(node.name, weights, options.storage, writer);
  }
  if (node.op == graph::Op::dequantize)
    fail(ErrorKind::unsupported, "belongs to integer networks; export the trained one instead");
  const Grid grid = activation_grid(network, node);
  return options.format == Format::qonnx
             ? write_qonnx(node.name, x.name, {grid.step, grid.bits, false, false}, writer)
             : write_activation(node.name, x.name, grid, writer);
}

}  // namespace pact::onnx_io
