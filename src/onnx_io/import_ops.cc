// The layers: each function turns one ONNX node into a node of the graph, or refuses with the reason.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "onnx_io/importer.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Op;
using graph::Tensor;
using graph::ValueId;
using graph::ValueKind;

[[noreturn]] void refuse(const std::string& what) { fail(ErrorKind::unsupported, "{}", what); }

void require_attribute(bool holds, const char* name) {
  if (!holds) fail(ErrorKind::unsupported, "this value of attribute '{}' is not understood", name);
}

Tensor transposed(const Tensor& tensor) {
  const int64_t rows = tensor.shape[0], columns = tensor.shape[1];
  Tensor result = Tensor::zeros(tensor.type, {columns, rows});
  const auto from = tensor.as<float>();
  const auto to = result.as<float>();
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      to[static_cast<size_t>(column * rows + row)] = from[static_cast<size_t>(row * columns + column)];
  return result;
}

}  // namespace

Known Importer::read_op(const NodeView& node) {
  const std::string& domain = node.proto().domain();
  const std::string& op = node.op();
  if (domain == kQonnxDomain || domain == "onnx.brevitas") {
    if (op == "Quant") return read_qonnx(node);
    if (op == "BipolarQuant") return read_bipolar(node);
  }
  if (!domain.empty() && domain != "ai.onnx")
    fail(ErrorKind::unsupported, "operator of the domain '{}', which is not understood", domain);
  if (std::optional<Known> folded = fold(node)) return std::move(*folded);
  if (op == "Conv") return read_conv(node);
  if (op == "BatchNormalization") return read_batch_norm(node);
  if (op == "Relu") return add(Op::relu, node, {activation(node.input(0))});
  if (op == "Clip") return read_clip(node);
  if (op == "Add" || op == "Sum") return read_add(node);
  if (op == "MaxPool" || op == "AveragePool") return read_pool(node);
  if (op == "GlobalAveragePool") return add(Op::global_avg_pool, node, {activation(node.input(0))});
  if (op == "ReduceMean") return read_reduce_mean(node);
  if (op == "Flatten") return read_flatten(node);
  if (op == "Reshape" || op == "Squeeze") return read_reshape(node);
  if (op == "Gemm" || op == "MatMul") return read_linear(node);
  if (op == "Slice") return read_slice(node);
  if (op == "Pad") return read_pad(node);
  if (op == "Sub" || op == "Div") return read_pixels(node);
  if (op == "QuantizeLinear") return read_quantize(node);
  if (op == "DequantizeLinear") return read_dequantize(node);
  if (op == "Dropout" || op == "Identity" || op == "Cast") {
    if (op == "Cast") require_attribute(node.integer("to", 0) == onnx::TensorProto::FLOAT, "to");
    return {.value = activation(node.input(0))};
  }
  fail(ErrorKind::unsupported, "the operator is not understood");
}

// top, left, bottom, right. SAME: the output has ceil(extent / stride) elements, the odd one pads the end
// (UPPER) or the beginning (LOWER).
std::vector<int64_t> Importer::pads_of(const NodeView& node, const graph::Shape& x,
                                       const std::vector<int64_t>& kernel,
                                       const std::vector<int64_t>& strides,
                                       const std::vector<int64_t>& dilations) {
  const std::string mode = node.word("auto_pad", "NOTSET");
  std::vector<int64_t> pads = node.extents("pads", 4, 0, 0);
  if (mode == "NOTSET") return pads;
  pads = {0, 0, 0, 0};
  if (mode == "VALID") return pads;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") refuse("auto_pad '" + mode + "' is not understood");
  for (size_t i = 0; i < 2; ++i) {
    const int64_t windows = (x[i + 2] + strides[i] - 1) / strides[i];
    const int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
    const int64_t total = std::max<int64_t>(0, (windows - 1) * strides[i] + reach - x[i + 2]);
    pads[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    pads[i + 2] = total - pads[i];
  }
  return pads;
}

Known Importer::read_conv(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  const ValueId w = weight(node.input(1));
  const graph::Shape weight_shape = shape(w);
  if (shape(x).size() != 4 || weight_shape.size() != 4) refuse("only convolutions of images are understood");
  const std::vector<int64_t> kernel{weight_shape[2], weight_shape[3]};
  if (const auto stated = node.integers("kernel_shape"); stated && *stated != kernel)
    fail("its kernel_shape is not that of its weight");
  const auto strides = node.extents("strides", 2, 1, 1), dilations = node.extents("dilations", 2, 1, 1);
  Layer layer{Op::conv2d,
              name_of(node),
              {x, w},
              {{"strides", strides},
               {"dilations", dilations},
               {"pads", pads_of(node, shape(x), kernel, strides, dilations)},
               {"groups", node.integer("group", 1)}}};
  if (!node.input(2).empty()) return read_bias(std::move(layer), node.input(2));
  return {.layer = std::move(layer)};
}

Known Importer::read_linear(const NodeView& node) {
  const bool is_gemm = node.op() == "Gemm";
  if (is_gemm) {
    require_attribute(node.real("alpha", 1.0) == 1.0, "alpha");
    require_attribute(node.real("beta", 1.0) == 1.0 || node.input(2).empty(), "beta");
    require_attribute(node.integer("transA", 0) == 0, "transA");
  }
  const ValueId x = activation(node.input(0));
  const Tensor& b = constant(node.input(1));
  if (b.shape.size() != 2 || b.type != DataType::f32) refuse("its second factor must be a real matrix");
  const bool is_transposed = is_gemm && node.integer("transB", 0) != 0;
  if (!is_transposed) {
    // Known under a name of its own, that other readers do not mistake for the original.
    Known turned{.constant = transposed(b), .unit = known(node.input(1)).unit};
    known_.insert_or_assign(kTransposed + node.input(1), std::move(turned));
  }
  Layer layer{Op::linear, name_of(node), {x, weight((is_transposed ? "" : kTransposed) + node.input(1))}, {}};
  if (is_gemm && !node.input(2).empty()) return read_bias(std::move(layer), node.input(2));
  return {.layer = std::move(layer)};
}

// A bias is one number per output channel, however its shape says so.
Known Importer::read_bias(Layer layer, const std::string& bias) {
  Tensor tensor = constant(bias);
  const int64_t channels = shape(layer.inputs[1])[0];
  const size_t axis_from_end = layer.op == Op::conv2d && tensor.shape.size() > 1 ? 3 : 1;
  const bool is_along =
      tensor.shape.size() >= axis_from_end && tensor.shape[tensor.shape.size() - axis_from_end] == channels;
  if (tensor.type != DataType::f32 || tensor.count() != channels || !(is_along || channels == 1))
    fail(ErrorKind::unsupported, "'{}' is {}, not one real number per output channel ({})", bias,
         graph::to_string(tensor.shape), channels);
  if (tensor.shape.size() == 1) {
    layer.inputs.push_back(add_source(ValueKind::parameter, bias));
  } else {
    tensor.shape = {channels};
    layer.inputs.push_back(add_tensor(ValueKind::parameter, bias, std::move(tensor)));
  }
  return {.value = network_.graph.add_node(layer.op, fresh_name(layer.name), layer.inputs, layer.attributes)};
}

Known Importer::read_batch_norm(const NodeView& node) {
  if (node.integer("training_mode", 0) != 0) refuse("it is in training mode");
  std::vector<ValueId> inputs{activation(node.input(0))};
  for (int i = 1; i < 5; ++i)
    inputs.push_back(add_source(i < 3 ? ValueKind::parameter : ValueKind::buffer, node.input(i)));
  return add(Op::batch_norm, node, std::move(inputs), {{"epsilon", node.real("epsilon", 1e-5)}});
}

Known Importer::read_add(const NodeView& node) {
  if (node.proto().input_size() != 2) refuse("only sums of two are understood");
  for (int i = 0; i < 2; ++i) {
    if (!is_constant(node.input(i))) continue;
    const Known& other = known(node.input(1 - i));
    if (!other.layer) refuse("a constant is added to something that is no layer without a bias");
    return read_bias(*other.layer, node.input(i));
  }
  return add(Op::add, node, {activation(node.input(0)), activation(node.input(1))});
}

Known Importer::read_clip(const NodeView& node) {
  const std::string low = node.input(1), high = node.input(2);
  if (known(node.input(0)).codes) return clip_codes(*known(node.input(0)).codes, low, high);
  const bool has_low = !low.empty() || node.find("min"), has_high = !high.empty() || node.find("max");
  const double least = !low.empty() ? static_cast<double>(scalar(low)) : node.real("min", 0.0);
  const bool is_bounded =
      has_high && (high.empty() ? node.real("max", INFINITY) < 3e38 : scalar(high) < 3e38f);
  if (!has_low || least != 0.0 || is_bounded)
    refuse(
        "only a Clip at 0 without an upper end is understood (a ReLU); a learned clip level is what PACT "
        "puts "
        "there instead");
  return add(Op::relu, node, {activation(node.input(0))});
}

Known Importer::read_pool(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  if (shape(x).size() != 4) refuse("only pooling of images is understood");
  if (!node.find("kernel_shape")) fail("its kernel_shape is missing");
  const auto kernel = node.extents("kernel_shape", 2, 1, 1), strides = node.extents("strides", 2, 1, 1);
  for (const int64_t each : node.extents("dilations", 2, 1, 1)) require_attribute(each == 1, "dilations");
  const auto pads = pads_of(node, shape(x), kernel, strides, {1, 1});
  if (node.integer("ceil_mode", 0) != 0)
    for (size_t i = 0; i < 2; ++i)
      if ((shape(x)[i + 2] + pads[i] + pads[i + 2] - kernel[i]) % strides[i] != 0)
        refuse("ceil_mode would add a window that reaches beyond the padding");
  graph::Attributes attributes{{"kernel", kernel}, {"strides", strides}, {"pads", pads}};
  if (node.op() == "MaxPool") return add(Op::max_pool, node, {x}, std::move(attributes));
  const bool is_padded = std::ranges::any_of(pads, [](int64_t each) { return each > 0; });
  attributes["count_include_pad"] = is_padded ? node.integer("count_include_pad", 0) : int64_t{1};
  return add(Op::avg_pool, node, {x}, std::move(attributes));
}

Known Importer::read_reduce_mean(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  std::vector<int64_t> axes = integers(node, "axes", 1).value_or(std::vector<int64_t>{});
  const auto rank = static_cast<int64_t>(shape(x).size());
  for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::ranges::sort(axes);
  if (rank != 4 || axes != std::vector<int64_t>{2, 3})
    refuse("only the mean over both axes of images is understood");
  return add(Op::global_avg_pool, node, {x});
}

// (image - mean[c]) / std[c] on raw pixels, as PACT writes it.
Known Importer::read_pixels(const NodeView& node) {
  const Known& x = known(node.input(0));
  const bool is_sub = node.op() == "Sub";
  if (!takes_raw_pixels_ || !image_ || (is_sub ? x.value != image_ : x.centred.empty()))
    refuse("arithmetic with constants is understood on the pixels of files that PACT wrote, not elsewhere");
  const Tensor& tensor = constant(node.input(1));
  const auto reals = tensor.as<float>();
  if (tensor.count() != shape(*image_)[1]) fail("it needs one number per channel");
  std::vector<double> list;
  for (const float real : reals) list.push_back(decimal_of(real));
  if (is_sub) return {.centred = std::move(list)};
  return add(Op::normalize, node, {*image_}, {{"mean", x.centred}, {"std", std::move(list)}});
}

}  // namespace pact::onnx_io
