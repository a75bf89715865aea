// The layers: each function turns one ONNX node into a node of the graph, or refuses with the reason.
#include <algorithm>

#include "base/error.h"
#include "onnx_io/importer.h"
#include "onnx_io/transpose.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Op;
using graph::Tensor;
using graph::ValueId;
using graph::ValueKind;

void require_attribute(bool holds, const char* name) {
  if (!holds) fail(ErrorKind::unsupported, "this value of attribute '{}' is not understood", name);
}

// Multiplied by `factor`, units and all.
Known scaled(Known entry, double factor) {
  if (factor == 1.0) return entry;
  if (entry.constant && entry.constant->type == DataType::i16) entry.constant = values_of(entry);
  if (!entry.constant || entry.constant->type != DataType::f32) refuse("it scales what is no real constant");
  for (float& value : entry.constant->as<float>()) value *= static_cast<float>(factor);
  entry.units = {};
  return entry;
}

// The columns of a matrix [O, H * W * C] in the order [O, C * H * W].
Known with_channels_first(Known matrix, const graph::Shape& image) {
  const int64_t outputs = matrix.constant->shape[0];
  if (matrix.constant->type == DataType::i16 && matrix.units.axis != 0) matrix.constant = values_of(matrix);
  matrix.constant->shape = {outputs, image[1], image[2], image[0]};
  matrix.constant = transposed(*matrix.constant, {0, 3, 1, 2});
  matrix.constant->shape = {outputs, image[0] * image[1] * image[2]};
  return matrix;
}

}  // namespace

Known Importer::read_op(const NodeView& node) {
  const std::string& domain = node.proto().domain();
  const std::string& op = node.op();
  if (domain == kQonnxDomain || domain == "onnx.brevitas" || domain == "finn.custom_op.general") {
    if (op == "Quant" || op == "IntQuant") return read_qonnx(node);
    if (op == "BipolarQuant") return read_bipolar(node);
  }
  const bool is_of_runtime = domain == "com.microsoft";
  if (is_qoperator(op) && (is_of_runtime || domain.empty())) return read_qoperator(node);
  const bool is_quantizer = op == "QuantizeLinear" || op == "DequantizeLinear";
  if (!domain.empty() && domain != "ai.onnx" && !(is_of_runtime && is_quantizer))
    fail(ErrorKind::unsupported, "operator of the domain '{}', which is not understood", domain);
  if (std::optional<Known> folded = fold(node)) return std::move(*folded);
  return read_standard(node);
}

Known Importer::read_standard(const NodeView& node) {
  const std::string& op = node.op();
  if (moves_codes(op) && known(node.input(0)).codes) return read_moved_codes(node);
  if (op == "Conv") return read_conv(node);
  if (op == "BatchNormalization") return read_batch_norm(node);
  if (op == "Relu" || op == "Clip" || op == "Min" || op == "Max") return read_clip(node);
  if (op == "Add" || op == "Sum") return read_sum(node);
  if (op == "Sub" || op == "Mul" || op == "Div" || op == "Neg") return read_arithmetic(node);
  if (op == "MaxPool" || op == "AveragePool") return read_pool(node);
  if (op == "GlobalAveragePool") return add(Op::global_avg_pool, node, {activation(node.input(0))});
  if (op == "GlobalMaxPool") return read_global_max_pool(node);
  if (op == "ReduceMean") return read_reduce_mean(node);
  if (op == "Flatten") return read_flatten(node);
  if (op == "Reshape") return read_reshape(node);
  if (op == "Squeeze" || op == "Unsqueeze") return read_squeeze(node);
  if (op == "Transpose") return read_transpose(node);
  if (op == "Gemm" || op == "MatMul") return read_linear(node);
  if (op == "Slice") return read_slice(node);
  if (op == "Pad") return read_pad(node);
  if (op == "QuantizeLinear") return read_quantize(node);
  if (op == "DequantizeLinear") return read_dequantize(node);
  if (op == "Softmax" || op == "LogSoftmax") return read_softmax(node);
  if (op == "Cast") {
    const auto to = static_cast<int>(node.integer("to", 0));
    require_attribute(to == onnx::TensorProto::FLOAT || to == onnx::TensorProto::DOUBLE || is_half(to), "to");
    has_halves_ |= is_half(to);
  }
  if (op == "Dropout" && !node.input(2).empty() && !is_constant(node.input(2)))
    refuse("whether it is in training mode must be a constant");
  if (op == "Dropout" || op == "Identity" || op == "Cast") {
    if (known(node.input(0)).layer) activation(node.input(0));
    return known(node.input(0));
  }
  fail(ErrorKind::unsupported, "the operator is not understood");
}

Known Importer::read_conv(const NodeView& node) {
  // Zeros around the image are the convolution's own padding.
  const Known& source = known(node.input(0));
  const std::optional<Padded> padded =
      source.padded && source.padded->before.size() == 3 && source.padded->before[0] == 0 &&
              source.padded->after[0] == 0 && node.word("auto_pad", "NOTSET") == "NOTSET"
          ? source.padded
          : std::nullopt;
  const ValueId x = padded ? padded->x : activation(node.input(0));
  if (shape(x).size() == 2) return read_pointwise(node, x);
  const ValueId w = weight(node.input(1));
  const graph::Shape weight_shape = shape(w);
  if (shape(x).size() != 4 || weight_shape.size() != 4) refuse("only convolutions of images are understood");
  const std::vector<int64_t> kernel{weight_shape[2], weight_shape[3]};
  if (const auto stated = node.integers("kernel_shape"); stated && *stated != kernel)
    fail("its kernel_shape is not that of its weight");
  const auto strides = node.extents("strides", 2, 1, 1), dilations = node.extents("dilations", 2, 1, 1);
  std::vector<int64_t> pads = pads_of(node, shape(x), kernel, strides, dilations);
  for (size_t i = 0; padded && i < 2; ++i) {
    pads[i] += padded->before[i + 1];
    pads[i + 2] += padded->after[i + 1];
  }
  Layer layer{
      Op::conv2d,
      name_of(node),
      {x, w},
      {{"strides", strides}, {"dilations", dilations}, {"pads", pads}, {"groups", node.integer("group", 1)}}};
  if (!node.input(2).empty()) return read_bias(std::move(layer), node.input(2));
  return {.layer = std::move(layer)};
}

// A convolution of the single pixel that a global average pool has left is a matrix.
Known Importer::read_pointwise(const NodeView& node, ValueId x) {
  Known matrix = known(node.input(1));
  if (!matrix.constant) fail(ErrorKind::unsupported, "its weight '{}' must be a constant", node.input(1));
  graph::Shape& extents = matrix.constant->shape;
  const bool is_pointwise =
      extents.size() == 4 && extents[2] == 1 && extents[3] == 1 && matrix.units.axis == 0;
  if (!is_pointwise || node.integer("group", 1) != 1 ||
      node.extents("pads", 4, 0, 0) != graph::Shape{0, 0, 0, 0})
    refuse("only convolutions of images are understood");
  extents.resize(2);
  charge(*matrix.constant);
  Layer layer{Op::linear, name_of(node), {x, weight(node.input(1) + ".matrix", matrix)}, {}};
  if (!node.input(2).empty()) return read_bias(std::move(layer), node.input(2));
  return {.layer = std::move(layer)};
}

Known Importer::read_linear(const NodeView& node) {
  const bool is_gemm = node.op() == "Gemm";
  if (is_gemm) require_attribute(node.integer("transA", 0) == 0, "transA");
  const Known& source = known(node.input(0));
  const graph::Shape image = source.flattened_from;
  const ValueId x = image.empty() ? activation(node.input(0)) : *source.value;
  const Tensor& b = *stored(node.input(1)).constant;
  if (b.shape.size() != 2 || (b.type != DataType::f32 && b.type != DataType::i16))
    refuse("its second factor must be a real matrix");
  const bool is_transposed = is_gemm && node.integer("transB", 0) != 0;
  const double factor = is_gemm ? node.real("alpha", 1.0) : 1.0;
  std::string name = node.input(1);
  ValueId w = -1;
  if (is_transposed && factor == 1.0 && image.empty()) {
    w = weight(name);
  } else {
    // Under a name of its own, that other readers do not mistake for the original.
    Known matrix = scaled(known(name), factor);
    charge(*matrix.constant);
    if (!is_transposed) {
      matrix.constant = transposed(*matrix.constant, {1, 0});
      matrix.units.axis = 1 - std::min<size_t>(matrix.units.axis, 1);
    }
    if (!image.empty() && matrix.constant->shape[1] == image[0] * image[1] * image[2])
      matrix = with_channels_first(std::move(matrix), image);
    w = weight(kTransposed + name + (factor == 1.0 && image.empty() ? "" : "." + name_of(node)), matrix);
  }
  Layer layer{Op::linear, name_of(node), {x, w}, {}};
  if (!is_gemm || node.input(2).empty()) return {.layer = std::move(layer)};
  const double beta = node.real("beta", 1.0);
  if (beta == 1.0) return read_bias(std::move(layer), node.input(2));
  const std::string bias = node.input(2) + "." + layer.name;
  constant(node.input(2));
  known_.insert_or_assign(bias, scaled(known(node.input(2)), beta));
  return read_bias(std::move(layer), bias);
}

// A bias is one number per output channel, or one for all, however its shape says so.
Known Importer::read_bias(Layer layer, const std::string& bias) {
  const Tensor& tensor = constant(bias);
  const int64_t channels = shape(layer.inputs[1])[0];
  graph::Shape of_output(layer.op == Op::conv2d ? 4 : 2, 0);
  of_output[1] = channels;
  const bool is_vector = tensor.shape == graph::Shape{channels};
  if (is_vector && tensor.type == DataType::f32) {
    layer.inputs.push_back(add_source(ValueKind::parameter, bias));
  } else {
    const std::vector<double> reals = along_channels(bias, of_output, false);
    const std::vector<float> floats(reals.begin(), reals.end());
    layer.inputs.push_back(add_tensor(ValueKind::parameter, bias, Tensor::of({channels}, floats)));
  }
  return {.value = network_.graph.add_node(layer.op, fresh_name(layer.name), layer.inputs, layer.attributes)};
}

Known Importer::read_batch_norm(const NodeView& node) {
  if (node.integer("training_mode", 0) != 0) refuse("it is in training mode");
  if (node.integer("spatial", 1) != 1) refuse("statistics for each pixel are not understood");
  std::vector<ValueId> inputs{activation(node.input(0))};
  for (int i = 1; i < 5; ++i)
    inputs.push_back(add_source(i < 3 ? ValueKind::parameter : ValueKind::buffer, node.input(i)));
  return add(Op::batch_norm, node, std::move(inputs), {{"epsilon", node.real("epsilon", 1e-5)}});
}

}  // namespace pact::onnx_io
