// Constants that are quantized in the file, folded to the numbers they stand for; their units remember of
// which integers those are multiples.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "graph/grids.h"
#include "onnx_io/importer.h"
#include "quant/grid.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Tensor;

// For each element of a tensor of shape `shape`, the place of its unit among `count` along `axis`.
class Places {
 public:
  Places(const graph::Shape& shape, const Units& units) : count_(units.each.size()), inner_(1) {
    for (size_t i = units.axis + 1; i < shape.size(); ++i) inner_ *= static_cast<size_t>(shape[i]);
  }
  size_t of(size_t element) const { return count_ == 1 ? 0 : element / inner_ % count_; }

 private:
  size_t count_, inner_;
};

double code_of(const Tensor& codes, size_t i) {
  return codes.type == DataType::i64 ? static_cast<double>(codes.as<int64_t>()[i]) : code_at(codes, i);
}

float clamped(float quotient, float low, float high) {
  if (std::isnan(quotient)) return low;
  return quant::round_half_even(std::clamp(quotient, low, high));
}

int64_t axis_of(const NodeView& node, size_t rank) {
  if (node.integer("block_size", 0) != 0) fail(ErrorKind::unsupported, "block_size is not understood");
  const int64_t axis = node.integer("axis", 1), extent = static_cast<int64_t>(rank);
  return axis < 0 ? axis + extent : axis;
}

// The zero point of place i.
std::vector<double> zeros_of(const Tensor* zeros, size_t count, DataType type) {
  if (!zeros) return std::vector<double>(count, 0.0);
  if (zeros->type != type || (zeros->bytes.size() / size_bytes(type) != count && zeros->count() != 1))
    fail(ErrorKind::unsupported, "its zero point does not go with its scale and codes");
  std::vector<double> result;
  for (size_t i = 0; i < count; ++i) result.push_back(code_of(*zeros, zeros->count() == 1 ? 0 : i));
  return result;
}

}  // namespace

Tensor values_of(const Known& entry) {
  const Places places(entry.constant->shape, entry.units);
  const std::span<const int16_t> multiplicands = entry.constant->as<int16_t>();
  Tensor values = Tensor::zeros(DataType::f32, entry.constant->shape);
  const std::span<float> to = values.as<float>();
  for (size_t i = 0; i < to.size(); ++i)
    to[i] = static_cast<float>(multiplicands[i]) * entry.units.each[places.of(i)];
  return values;
}

// The scales of a constant: one, or one for each extent along an axis. QuantizeLinear names the axis; QONNX
// shapes the scales so that they broadcast (axis -1).
Units Importer::units_of(const std::string& name, const graph::Shape& shape, int64_t axis) const {
  const Tensor& scales = constant(name);
  if (scales.type != DataType::f32) fail("its scale '{}' must be real", name);
  const auto each = scales.as<float>();
  Units units{{each.begin(), each.end()}, 0};
  for (const float scale : each)
    if (!(scale > 0.0f) || !std::isfinite(scale)) fail("its scale '{}' holds {}", name, scale);
  if (each.size() == 1) return units;
  const auto rank = static_cast<int64_t>(shape.size());
  const bool is_broadcast = axis < 0 && scales.shape.size() > 1;
  if (is_broadcast) {
    axis = 0;
    for (size_t i = 0; i < scales.shape.size(); ++i)
      if (scales.shape[i] != 1)
        axis = static_cast<int64_t>(i) + rank - static_cast<int64_t>(scales.shape.size());
  } else if (axis < 0) {
    axis += rank;
  }
  if (axis < 0 || axis >= rank || shape[static_cast<size_t>(axis)] != static_cast<int64_t>(each.size()))
    fail(ErrorKind::unsupported,
         "its scale '{}', {}, is neither one number nor one for each place along an axis", name,
         graph::to_string(scales.shape));
  units.axis = static_cast<size_t>(axis);
  return units;
}

Known Importer::fold_dequantize(const NodeView& node) {
  const Tensor& codes = constant(node.input(0));
  if (codes.type == DataType::f32) fail("it has real numbers for codes");
  const Units units = units_of(node.input(1), codes.shape, axis_of(node, codes.shape.size()));
  const std::vector<double> zeros =
      zeros_of(node.input(2).empty() ? nullptr : &constant(node.input(2)), units.each.size(), codes.type);
  const Places places(codes.shape, units);
  if (codes.type != DataType::i64) {
    require_budget(codes.count(), sizeof(int16_t));
    Known result{.constant = Tensor::zeros(DataType::i16, codes.shape), .units = units};
    const std::span<int16_t> multiplicands = result.constant->as<int16_t>();
    for (size_t i = 0; i < multiplicands.size(); ++i)
      multiplicands[i] = static_cast<int16_t>(code_at(codes, i) - static_cast<int>(zeros[places.of(i)]));
    return result;
  }
  require_budget(codes.count(), sizeof(float));
  Known result{.constant = Tensor::zeros(DataType::f32, codes.shape), .units = units};
  const std::span<float> values = result.constant->as<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t place = places.of(i);
    values[i] = static_cast<float>(code_of(codes, i) - zeros[place]) * units.each[place];
  }
  return result;
}

Known Importer::fold_quantize(const NodeView& node) {
  const Tensor& x = constant(node.input(0));
  if (x.type != DataType::f32) fail("it has codes for real numbers");
  const Units units = units_of(node.input(1), x.shape, axis_of(node, x.shape.size()));
  DataType type = DataType::u8;
  int bits = 8;
  const Tensor* point = nullptr;
  if (!node.input(2).empty()) {
    point = &constant(node.input(2));
    type = point->type;
    bits = known(node.input(2)).code_bits;
  } else if (node.integer("output_dtype", onnx::TensorProto::UINT8) != onnx::TensorProto::UINT8) {
    fail(ErrorKind::unsupported, "output_dtype without a zero point is not understood for constants");
  }
  if (type != DataType::u8 && type != DataType::i8)
    fail(ErrorKind::unsupported, "codes of more than 8 bits are not understood");
  const std::vector<double> zeros = zeros_of(point, units.each.size(), type);
  const Places places(x.shape, units);
  const double low = type == DataType::i8 ? -(1 << (bits - 1)) : 0, high = low + (1 << bits) - 1;
  Known result{.constant = Tensor::zeros(type, x.shape), .code_bits = bits};
  const auto values = x.as<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t place = places.of(i);
    const float code = clamped(values[i] / units.each[place], static_cast<float>(low - zeros[place]),
                               static_cast<float>(high - zeros[place]));
    result.constant->bytes[i] =
        static_cast<std::byte>(static_cast<int>(code + static_cast<float>(zeros[place])));
  }
  return result;
}

// The codes that a Quant node of QONNX has:
//   signed     -2^(bits-1) (+ 1 if narrow) to 2^(bits-1) - 1
//   unsigned   0 to 2^bits - 1 (- 1 if narrow)
Codes Importer::qonnx_codes(const NodeView& node, float step) const {
  const double bits = static_cast<double>(scalar(node.input(3)));
  const double zero = static_cast<double>(scalar(node.input(2)));
  const bool is_signed = node.integer("signed", 1) != 0;
  const int narrow = node.integer("narrow", 0) != 0 ? 1 : 0;
  if (const std::string mode = node.word("rounding_mode", "ROUND"); mode != "ROUND" && mode != "HALF_EVEN")
    fail(ErrorKind::unsupported, "rounding_mode {} is not understood, ROUND is", mode);
  if (!(bits >= 1 && bits <= 9) || bits != std::floor(bits) || !(step > 0.0f))
    fail(ErrorKind::unsupported, "a scale of {} or a bit width of {} is not understood", step, bits);
  // It rounds x / scale + zero, where a grid rounds x / scale: ties agree for even numbers only.
  if (!(zero >= -256 && zero <= 256) || std::fmod(zero, 2.0) != 0.0)
    fail(ErrorKind::unsupported, "a zero point of {} is not understood, even numbers are", zero);
  const int width = static_cast<int>(bits);
  if (is_signed)
    return {-1, step, static_cast<int>(zero), narrow - (1 << (width - 1)), (1 << (width - 1)) - 1};
  return {-1, step, static_cast<int>(zero), 0, (1 << width) - 1 - narrow};
}

Known Importer::fold_qonnx(const NodeView& node) {
  const Tensor& x = constant(node.input(0));
  if (x.type != DataType::f32) fail("it has codes for real numbers");
  const Units units = units_of(node.input(1), x.shape, -1);
  const Codes codes = qonnx_codes(node, units.each[0]);
  const Places places(x.shape, units);
  Known result{.constant = x, .units = units};
  const std::span<float> values = result.constant->as<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    const float unit = units.each[places.of(i)];
    values[i] = clamped(values[i] / unit, static_cast<float>(codes.low - codes.zero),
                        static_cast<float>(codes.high - codes.zero)) *
                unit;
  }
  return result;
}

Known Importer::fold_bipolar(const NodeView& node) {
  const Tensor& x = constant(node.input(0));
  if (x.type != DataType::f32) fail("it has codes for real numbers");
  const Units units = units_of(node.input(1), x.shape, -1);
  const Places places(x.shape, units);
  Known result{.constant = x, .units = units};
  const std::span<float> values = result.constant->as<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    const float unit = units.each[places.of(i)];
    values[i] = values[i] >= 0.0f ? unit : -unit;
  }
  return result;
}

}  // namespace pact::onnx_io
