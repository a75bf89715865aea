// Operators on codes, as ONNX Runtime's quantizer writes them in its form "QOperator": each stands for the
// real operator with a DequantizeLinear before each input and a QuantizeLinear behind it, and is read as just
// these, so that both forms of a file become one graph.
//   QLinearConv(x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias)
//     = QuantizeLinear(Conv(DequantizeLinear(x ...), DequantizeLinear(w ...), bias * x_scale * w_scale),
//     y_scale ...)
#include <array>

#include "base/error.h"
#include "onnx_io/importer.h"

namespace pact::onnx_io {
namespace {

// Where an operator has what: the places of codes, each followed by scale and zero point; of a bias of
// integers; of the scale of what comes out.
struct Form {
  const char* op;
  const char* real;  // the operator that it stands for
  int first = 0, second = -1, bias = -1, output = 3;
};

constexpr std::array kForms{
    Form{.op = "QLinearConv", .real = "Conv", .second = 3, .bias = 8, .output = 6},
    Form{.op = "QLinearMatMul", .real = "MatMul", .second = 3, .output = 6},
    Form{.op = "QGemm", .real = "Gemm", .second = 3, .bias = 6, .output = 7},
    Form{.op = "QLinearAdd", .real = "Add", .second = 3, .output = 6},
    Form{.op = "QLinearGlobalAveragePool", .real = "GlobalAveragePool"},
    Form{.op = "QLinearAveragePool", .real = "AveragePool"},
};

const Form* form_of(const std::string& op) {
  for (const Form& form : kForms)
    if (op == form.op) return &form;
  return nullptr;
}

onnx::NodeProto node_of(const std::string& op, const std::string& output,
                        const std::vector<std::string>& inputs) {
  onnx::NodeProto node;
  node.set_op_type(op);
  node.add_output(output);
  for (const std::string& input : inputs) node.add_input(input);
  return node;
}

void set_integer(onnx::NodeProto& node, const char* name, int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

}  // namespace

bool is_qoperator(const std::string& op) { return form_of(op) != nullptr; }

bool moves_codes(const std::string& op) {
  return op == "MaxPool" || op == "GlobalMaxPool" || op == "Flatten" || op == "Reshape" || op == "Squeeze" ||
         op == "Unsqueeze" || op == "Transpose" || op == "Slice";
}

// Reads one of the nodes that an operator stands for.
void Importer::read_part(const onnx::NodeProto& part) {
  const NodeView node(part);
  Known result = read_op(node);
  if (result.constant)
    charge(*result.constant);
  else
    file_axes_[part.output(0)] = axes_behind(node);
  known_.insert_or_assign(part.output(0), std::move(result));
}

// The name of the values of the codes `input` i; computed once, however many nodes read them.
std::string Importer::read_values(const NodeView& node, int i, int64_t axis) {
  const std::string codes = node.input(i), scale = node.input(i + 1), zero = node.input(i + 2);
  // A weight may be read with several scales, an activation has one.
  const bool is_weight = is_constant(codes);
  const std::string name = kBetween + codes + (is_weight ? kBetween + scale + kBetween + zero : "");
  if (!is_weight && known_.contains(name)) {
    const std::optional<Codes>& made = known(codes).codes;
    if (!made) fail("its input '{}' must be codes", codes);
    require_grid(*made, scale, zero);
    return name;
  }
  onnx::NodeProto part = node_of("DequantizeLinear", name, {codes, scale, zero});
  part.set_name(codes + ".values");
  if (constant(scale).count() > 1) set_integer(part, "axis", axis);
  read_part(part);
  return name;
}

// The bias is integers whose unit is the product of the units of both factors:
//   bias * x_scale * w_scale[o]
std::string Importer::read_integer_bias(const NodeView& node, int i) {
  const Form& form = *form_of(node.op());
  const float own = scalar(node.input(form.first + 1)) * static_cast<float>(node.real("alpha", 1.0));
  graph::Tensor units = constant(node.input(form.second + 1));
  if (units.type != graph::DataType::f32) fail("its scale '{}' must be real", node.input(form.second + 1));
  for (float& unit : units.as<float>()) unit *= own;
  const std::string name = kBetween + node.proto().output(0) + kBetween + "bias", scale = name + ".scale";
  known_.insert_or_assign(scale, Known{.constant = std::move(units)});
  onnx::NodeProto part = node_of("DequantizeLinear", name, {node.input(i), scale});
  set_integer(part, "axis", 0);
  read_part(part);
  return name;
}

Known Importer::read_qoperator(const NodeView& node) {
  const Form& form = *form_of(node.op());
  if (node.integer("channels_last", 0) != 0) refuse("channels_last is not understood");
  const std::string output = kBetween + node.proto().output(0) + kBetween + "real";
  onnx::NodeProto real = node.proto();
  real.set_op_type(form.real);
  real.clear_domain();
  real.clear_input();
  real.set_output(0, output);
  // Scales of a weight belong to its outputs: the first axis, but the columns of a matrix that is not
  // transposed.
  const bool has_columns = form.real == std::string("MatMul") ||
                           (form.real == std::string("Gemm") && node.integer("transB", 0) == 0);
  real.add_input(read_values(node, form.first, 1));
  if (form.second >= 0) real.add_input(read_values(node, form.second, has_columns ? 1 : 0));
  if (form.bias >= 0 && !node.input(form.bias).empty()) real.add_input(read_integer_bias(node, form.bias));
  read_part(real);
  for (const std::string& input : real.input()) known_.at(input).constant.reset();
  if (node.input(form.output).empty()) return known(output);  // QGemm may yield real numbers
  const onnx::NodeProto part = node_of("QuantizeLinear", node.proto().output(0),
                                       {output, node.input(form.output), node.input(form.output + 1)});
  return read_op(NodeView(part));
}

// Operators that move codes or take the largest do with codes what they do with their values.
Known Importer::read_moved_codes(const NodeView& node) {
  const std::optional<Codes>& made = known(node.input(0)).codes;
  if (!made) fail("its input '{}' must be codes", node.input(0));
  Codes codes = *made;
  const std::string name = kBetween + node.input(0);
  if (!known_.contains(name)) {
    onnx::NodeProto part;
    part.set_name(node.input(0) + ".values");
    known_.insert_or_assign(name, quantized_activation(NodeView(part), codes));
  }
  onnx::NodeProto moved = node.proto();
  moved.set_input(0, name);
  const Known result = read_op(NodeView(moved));
  if (!result.value || result.is_channels_last || !result.flattened_from.empty())
    refuse("it moves the channels of codes");
  codes.x = *result.value;
  return {.codes = codes};
}

}  // namespace pact::onnx_io
